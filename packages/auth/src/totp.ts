import { Secret, TOTP } from 'otpauth';
import type { RandomBytes } from './random.ts';

/** RFC 6238 as every authenticator app speaks it: SHA-1, 6 digits, 30 s. */
const ALGORITHM = 'SHA1';
const DIGITS = 6;
const PERIOD_S = 30;
/** RFC 4226 section 4, R6: 160 bits are recommended. */
const SECRET_BYTES = 20;
/** Steps before and after the current one whose codes are good too, for clocks that differ. */
const DRIFT_STEPS = 1;

/** A code as it may be sent: six digits. */
export const TOTP_CODE_PATTERN = /^\d{6}$/;

/** A new secret in base32, as an authenticator app takes it by hand. */
export function newTotpSecret(random: RandomBytes): string {
  const bytes = Uint8Array.from(random(SECRET_BYTES));
  return new Secret({ buffer: bytes.buffer }).base32;
}

/**
 * The `otpauth://` URI of a secret, for a QR code.
 *
 * @param issuer who the app shows the code for
 * @param label whose account it is
 */
export function totpUri(secret: string, issuer: string, label: string): string {
  return totpOf(secret, issuer, label).toString();
}

/**
 * The time step whose code this is, or null when the code is wrong or not of the last, this or the next
 * step. Compared in constant time. The caller must still refuse a step that was used already: a code works
 * once (RFC 6238 section 5.2).
 *
 * @param now Unix milliseconds
 */
export function totpStepOf(secret: string, code: string, now: number): number | null {
  if (!TOTP_CODE_PATTERN.test(code)) return null;
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: DRIFT_STEPS });
  return delta === null ? null : Math.floor(now / 1000 / PERIOD_S) + delta;
}

/** The code of the step that holds at `now` (Unix ms). */
export function totpCodeAt(secret: string, now: number): string {
  return totpOf(secret).generate({ timestamp: now });
}

function totpOf(secret: string, issuer?: string, label?: string): TOTP {
  return new TOTP({
    secret: Secret.fromBase32(secret),
    algorithm: ALGORITHM,
    digits: DIGITS,
    period: PERIOD_S,
    ...(issuer === undefined ? {} : { issuer }),
    ...(label === undefined ? {} : { label }),
  });
}
