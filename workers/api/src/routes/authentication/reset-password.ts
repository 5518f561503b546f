import { checkRateLimit } from '@control-plane/serving';
import { checkPasswordPolicy, hashPassword, hashSecret, secureRandom } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { authenticationResetPassword } from '@control-plane/contract/routes';
import { findResetToken, resetPasswordByToken } from '@control-plane/database';
import { noteSecurityEvent } from '../../accounts/note-security-event.ts';
import { operation } from '../../operation.ts';

/**
 * Sets a new password with the token of a mail, once. Every session ends, and so does each sign-in under
 * way; a second factor stays in force.
 */
export const resetPassword = operation(authenticationResetPassword, async ({ body }, context) => {
  const policy = checkPasswordPolicy(body.password);
  if (!policy.ok) return policy;
  const { env, database, clientAddress } = context;
  const counted = await checkRateLimit(env, 'reset-password', { clientAddress });
  if (!counted.ok) return counted;

  const now = Date.now();
  const tokenHash = hashSecret(body.token);
  const gone = fail('VALIDATION_ERROR', 'The reset token is unknown, used or expired');
  // A made-up token is told at once; hashing for it would only burn time.
  if ((await findResetToken(database, tokenHash, now)) === null) return gone;
  const passwordHash = await hashPassword(body.password, secureRandom);
  const userId = await resetPasswordByToken(database, tokenHash, passwordHash, now);
  if (userId === null) return gone;
  noteSecurityEvent(context, userId, 'password_reset', now);
  return ok({ message: 'The password is set; log in with it', data: null });
});
