import { randomObjectId, checkRateLimit } from '@control-plane/serving';
import {
  checkPasswordPolicy,
  hashPassword,
  newMailToken,
  secureRandom,
  usernameFromEmail,
} from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { authenticationSignup } from '@control-plane/contract/routes';
import { signUp } from '@control-plane/database';
import { inviteCodeHash } from '../../accounts/invite-code.ts';
import { sendMail } from '../../mail/mail.ts';
import { VERIFICATION_LIFETIME_MS, verificationMail } from '../../mail/verification-mail.ts';
import { operation } from '../../operation.ts';

/** Usernames drawn before giving up; each has 16 random bits behind the local part. */
const USERNAME_DRAWS_MAX = 8;

/**
 * Registers an account. The answer and the time it takes are the same whether the address is new, waits for
 * its confirmation or belongs to someone: nobody can learn from it who has an account.
 */
export const signup = operation(authenticationSignup, async ({ body }, context) => {
  const { env, database, log, clientAddress } = context;
  const policy = checkPasswordPolicy(body.password);
  if (!policy.ok) return policy;
  const counted = await checkRateLimit(env, 'signup', { clientAddress });
  if (!counted.ok) return counted;

  const now = Date.now();
  const email = body.email.toLowerCase();
  const verification = newMailToken(secureRandom);
  const passwordHash = await hashPassword(body.password, secureRandom);
  for (let draw = 0; draw < USERNAME_DRAWS_MAX; draw += 1) {
    const username = usernameFromEmail(email, secureRandom);
    const outcome = await signUp(
      database,
      {
        id: context.seedId,
        email,
        username,
        passwordHash,
        region: body.region ?? null,
        inviteHash: typeof body.invite_code === 'string' ? inviteCodeHash(body.invite_code) : null,
        verification: { hash: verification.hash, expiresAt: now + VERIFICATION_LIFETIME_MS },
        now,
      },
      {
        id: randomObjectId(),
        userId: context.seedId,
        eventType: 'user.created',
        resourceType: 'user',
        resourceId: context.seedId,
        payload: { id: context.seedId, username, signup_method: 'email' },
        realmIds: [],
        now,
      },
    );
    if (outcome === 'username_taken') continue;
    if (outcome === 'pending') {
      const mail = verificationMail(email, verification.text, env.API_DOMAIN, now);
      context.waitUntil(sendMail(env, log, mail));
    }
    return ok({ message: 'Check your mail to confirm your e-mail address', data: { email: body.email } });
  }
  throw new Error('no free username was found');
});
