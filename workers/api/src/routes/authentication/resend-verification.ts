import { checkRateLimit } from '@control-plane/serving';
import { newMailToken, secureRandom } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { authenticationResendVerification } from '@control-plane/contract/routes';
import { addVerificationToken } from '@control-plane/database';
import { sendMail } from '../../mail/mail.ts';
import { VERIFICATION_LIFETIME_MS, verificationMail } from '../../mail/verification-mail.ts';
import { operation } from '../../operation.ts';

/** Sends the confirmation mail again, if that account waits for one; the answer never tells. */
export const resendVerification = operation(authenticationResendVerification, async ({ body }, context) => {
  const { env, database, log, clientAddress } = context;
  const counted = await checkRateLimit(env, 'resend-verification', { clientAddress });
  if (!counted.ok) return counted;

  const now = Date.now();
  const email = body.email.toLowerCase();
  const token = newMailToken(secureRandom);
  const expiresAt = now + VERIFICATION_LIFETIME_MS;
  if (await addVerificationToken(database, { email, hash: token.hash, expiresAt, now })) {
    context.waitUntil(sendMail(env, log, verificationMail(email, token.text, env.API_DOMAIN, now)));
  }
  return ok({ message: 'If that account waits for a confirmation, a mail is on its way', data: null });
});
