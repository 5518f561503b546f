import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findTwoFactor, type TwoFactorRow, type UserRow } from '@control-plane/database';
import { confirmPassword } from '../../accounts/confirm-password.ts';
import type { AuthenticatedContext } from '../../context.ts';
import { spendCode } from '../../two-factor/check-code.ts';
import { wrongCode } from '../../two-factor/require-otp.ts';

/** The caller's second factor, if it is in force; else VALIDATION_ERROR. */
export async function twoFactorInForce({
  database,
  principal,
}: AuthenticatedContext): Promise<Result<TwoFactorRow>> {
  const row = await findTwoFactor(database, principal.userId);
  return row === null || row.verifiedAt === null
    ? fail('VALIDATION_ERROR', 'There is no second factor in force')
    : ok(row);
}

/**
 * Asks for password and code, in this order, before the second factor is changed. A wrong password leaves
 * the code unspent.
 *
 * @param code `path`: where in the body it stands; `backupCodes`: whether one of those is taken
 */
export async function confirmWithBoth(
  context: AuthenticatedContext,
  row: TwoFactorRow,
  password: string,
  code: { readonly text: string; readonly path: string; readonly backupCodes: boolean },
): Promise<Result<UserRow>> {
  const user = await confirmPassword(context, password, 'password');
  if (!user.ok) return user;
  const options = { backupCodes: code.backupCodes, now: Date.now() };
  const isRight = await spendCode(context, row, code.text, options);
  if (!isRight.ok) return isRight;
  return isRight.value ? user : wrongCode(code.path);
}
