import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findTwoFactor } from '@control-plane/database';
import type { AuthenticatedContext } from '../context.ts';
import { spendCode } from './check-code.ts';

/** The answer to a code that is wrong or was used. */
export function wrongCode(instancePath: string) {
  const message = 'The code is wrong, was used already, or is too old';
  return fail('VALIDATION_ERROR', message, { data: [{ instancePath, message }] });
}

/**
 * The token gate: with a second factor in force, a user who changes auth tokens by a session (or password)
 * must send a code along; an auth token is not asked, and neither is a user who turned the gate off.
 *
 * @param otpCode the body's `otp_code`: six digits of the app, or a backup code
 * @returns OTP_REQUIRED when it is missing, VALIDATION_ERROR when it is wrong, RATE_LIMIT_EXCEEDED
 */
export async function requireOtp(
  context: AuthenticatedContext,
  otpCode: string | null | undefined,
): Promise<Result<void>> {
  const { database, principal } = context;
  if (principal.kind !== 'jwt') return ok(undefined);
  const row = await findTwoFactor(database, principal.userId);
  if (row === null || row.verifiedAt === null || !row.requireForTokens) return ok(undefined);
  if (otpCode === undefined || otpCode === null || otpCode === '') {
    return fail('OTP_REQUIRED', 'Send a code of your second factor as otp_code');
  }
  const isRight = await spendCode(context, row, otpCode, { backupCodes: true, now: Date.now() });
  if (!isRight.ok) return isRight;
  return isRight.value ? ok(undefined) : wrongCode('/otp_code');
}
