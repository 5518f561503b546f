import { addressBucket, hashSecret } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import type { ServingEnv } from './env.ts';

const MINUTE_MS = 60_000;

/** Places per window of each limiter; a sliding window. */
const LIMITS = {
  /** Failures only: a success gives its place back. */
  login: { limit: 1000, windowMs: 30 * MINUTE_MS },
  refresh: { limit: 30, windowMs: 30 * MINUTE_MS },
  signup: { limit: 5, windowMs: 60 * MINUTE_MS },
  'verify-email': { limit: 10, windowMs: 60 * MINUTE_MS },
  'resend-verification': { limit: 3, windowMs: 60 * MINUTE_MS },
  'forgot-password': { limit: 3, windowMs: 60 * MINUTE_MS },
  'reset-password': { limit: 10, windowMs: 60 * MINUTE_MS },
  /** Of one account wherever it is called from, failures only: at most 480 guesses at a code a day. */
  'second-factor': { limit: 5, windowMs: 15 * MINUTE_MS },
  /** As above, for the password of who is signed in. */
  'confirm-password': { limit: 10, windowMs: 15 * MINUTE_MS },
  'redeem-invite': { limit: 10, windowMs: 60 * MINUTE_MS },
  'retry-setup': { limit: 1, windowMs: MINUTE_MS },
  'oauth-start': { limit: 100, windowMs: 15 * MINUTE_MS },
  'oauth-exchange': { limit: 100, windowMs: 15 * MINUTE_MS },
  'device-code': { limit: 30, windowMs: 15 * MINUTE_MS },
  /** A poll each 5 s is 180 in the life of a code; several devices may share an address. */
  'device-token': { limit: 1500, windowMs: 15 * MINUTE_MS },
  /** Intents that an account makes; each is kept. */
  'open-payment': { limit: 1000, windowMs: 60 * MINUTE_MS },
  /** Each look asks a host. */
  'server-runtime': { limit: 300, windowMs: 5 * MINUTE_MS },
  /** Of one copy, by whomever. */
  'container-sync': { limit: 30, windowMs: 15 * MINUTE_MS },
  /** With 34 random bits in a user code, 20 guesses find one of a thousand waiting with 1 : 1,000,000. */
  'device-verify': { limit: 20, windowMs: 15 * MINUTE_MS },
} as const;

export type Limiter = keyof typeof LIMITS;

/** A counted attempt. `forgive` uncounts it. */
export interface CountedAttempt {
  readonly forgive: () => Promise<void>;
}

/** Who is limited: the client (an IPv6 one by its /64) and, where attempts aim at one, the account. */
export interface RateLimitKey {
  readonly clientAddress: string;
  readonly account?: string;
}

/**
 * Counts one attempt of `key`, or refuses it with 429 RATE_LIMIT_EXCEEDED and the seconds to wait.
 *
 * @example
 * const attempt = await checkRateLimit(env, 'signup', { clientAddress });
 * if (!attempt.ok) return attempt;
 */
export async function checkRateLimit(
  env: Pick<ServingEnv, 'RATE_LIMITS'>,
  limiter: Limiter,
  key: RateLimitKey,
): Promise<Result<CountedAttempt>> {
  // Hashed, so that names of objects are bounded and hold no address or account.
  const subject = hashSecret(`${addressBucket(key.clientAddress)}\n${key.account ?? ''}`);
  const object = env.RATE_LIMITS.get(env.RATE_LIMITS.idFromName(`${limiter}:${subject}`));
  const { limit, windowMs } = LIMITS[limiter];
  const verdict = await object.take(limit, windowMs);
  if (!verdict.allowed) {
    return fail('RATE_LIMIT_EXCEEDED', 'Too many attempts, try again later', {
      retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000),
    });
  }
  return ok({ forgive: () => object.giveBack(verdict.slot) });
}
