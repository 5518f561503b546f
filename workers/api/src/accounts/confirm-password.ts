import { checkRateLimit } from '@control-plane/serving';
import { verifyPassword } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findUser, type UserRow } from '@control-plane/database';
import type { AuthenticatedContext } from '../context.ts';

/**
 * Asks the caller for their password once more. Limited for each account (10 wrong ones in 15 minutes), so
 * that a stolen session or token can't be used to guess it.
 *
 * @param field the body's field that holds it, for the answer
 * @returns the user; VALIDATION_ERROR when it is wrong, RATE_LIMIT_EXCEEDED
 */
export async function confirmPassword(
  { env, database, principal, waitUntil }: AuthenticatedContext,
  password: string,
  field: 'password' | 'current_password',
): Promise<Result<UserRow>> {
  const { userId } = principal;
  const counted = await checkRateLimit(env, 'confirm-password', { clientAddress: '', account: userId });
  if (!counted.ok) return counted;
  const user = await findUser(database, userId);
  const isRight = await verifyPassword(password, user?.passwordHash ?? null);
  if (user === null || !isRight) {
    const message = 'The password is wrong';
    return fail('VALIDATION_ERROR', message, { data: [{ instancePath: `/${field}`, message }] });
  }
  waitUntil(counted.value.forgive());
  return ok(user);
}
