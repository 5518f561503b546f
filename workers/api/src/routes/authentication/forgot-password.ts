import { checkRateLimit } from '@control-plane/serving';
import { newMailToken, secureRandom } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { authenticationForgotPassword } from '@control-plane/contract/routes';
import { addResetToken } from '@control-plane/database';
import { sendMail } from '../../mail/mail.ts';
import { RESET_LIFETIME_MS, resetMail } from '../../mail/reset-mail.ts';
import { operation } from '../../operation.ts';

/** Sends a reset mail if there is a confirmed account of that address; the answer never tells. */
export const forgotPassword = operation(authenticationForgotPassword, async ({ body }, context) => {
  const { env, database, log, clientAddress } = context;
  const counted = await checkRateLimit(env, 'forgot-password', { clientAddress });
  if (!counted.ok) return counted;

  const now = Date.now();
  const email = body.email.toLowerCase();
  const token = newMailToken(secureRandom);
  const expiresAt = now + RESET_LIFETIME_MS;
  if (await addResetToken(database, { email, hash: token.hash, expiresAt, now })) {
    context.waitUntil(sendMail(env, log, resetMail(email, token.text, env.API_DOMAIN, now)));
  }
  return ok({ message: 'If there is an account of that address, a mail is on its way', data: null });
});
