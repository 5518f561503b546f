import type { Env } from '../env.ts';

/** What operators may set for transfers and AI spending; the variables are described in env.ts. */
export interface WalletSettings {
  readonly transferFeeBps: number;
  readonly transferCents: { readonly minCents: number; readonly maxCents: number };
  readonly aiSpend: {
    /** One call. */
    readonly holdMicrosMax: number;
    readonly openMax: number;
    readonly dailyMicrosMax: number;
  };
}

const CENTS_MAX = 100_000_000;

/**
 * A whole number among the variables.
 *
 * @throws Error when it is set to anything else: money is not moved by a guess
 */
export function wholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  maximum: number,
): number {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value > maximum) {
    throw new Error(`${name} must be a whole number up to ${maximum}, not ${text}`);
  }
  return value;
}

/** Reads them from the worker's variables. */
export function walletSettings(env: Env): WalletSettings {
  return {
    transferFeeBps: wholeNumber('AI_TRANSFER_FEE_BPS', env.AI_TRANSFER_FEE_BPS, 500, 9999),
    transferCents: {
      minCents: wholeNumber('AI_TRANSFER_MIN_CENTS', env.AI_TRANSFER_MIN_CENTS, 100, CENTS_MAX),
      maxCents: wholeNumber('AI_TRANSFER_MAX_CENTS', env.AI_TRANSFER_MAX_CENTS, 1_000_000, CENTS_MAX),
    },
    aiSpend: {
      holdMicrosMax: wholeNumber('AI_HOLD_MICROS_MAX', env.AI_HOLD_MICROS_MAX, 50_000_000, 1e12),
      openMax: wholeNumber('AI_OPEN_CALLS_MAX', env.AI_OPEN_CALLS_MAX, 100, 10_000),
      dailyMicrosMax: wholeNumber('AI_DAILY_MICROS_MAX', env.AI_DAILY_MICROS_MAX, 1_000_000_000, 1e15),
    },
  };
}
