import { DrizzleQueryError } from 'drizzle-orm';

const REFUSALS = [
  'INSUFFICIENT_BALANCE',
  'INSUFFICIENT_AI_BALANCE',
  'INSUFFICIENT_HELD_BALANCE',
  'DEBT_OVERPAID',
  'DUPLICATE_TRANSACTION',
] as const;

/** What may go wrong with a transaction that is well made. The batch that it was in has had no effect. */
export type LedgerRefusalCode = (typeof REFUSALS)[number];

const MESSAGE = /\bledger: ([A-Z_]+)/;
const CAUSES_MAX = 5;

/**
 * The refusal that a failed batch came to; null for any other error, which is to be thrown on. A duplicate
 * is a transaction whose id or dedupe key was posted before. Drizzle's own message is not looked at: it holds
 * the query's values, in which clients may have written anything.
 */
export function ledgerRefusal(error: unknown): LedgerRefusalCode | null {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth += 1) {
    const name = at instanceof DrizzleQueryError ? undefined : MESSAGE.exec(at.message)?.[1];
    if (name !== undefined) return REFUSALS.find((refusal) => refusal === name) ?? null;
    at = at.cause;
  }
  return null;
}
