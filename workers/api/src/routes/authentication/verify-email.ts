import { randomHex, randomObjectId, checkRateLimit } from '@control-plane/serving';
import { hashSecret } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { authenticationVerifyEmail } from '@control-plane/contract/routes';
import { consumeVerificationToken } from '@control-plane/database';
import { provisionInBackground } from '../../accounts/provision-defaults.ts';
import { operation } from '../../operation.ts';
import { goalOf, signIn } from './sign-in.ts';

const DEFAULT_PROJECT_ALIAS = 'default';

/** Confirms an address with the token from the mail, gives the account its default project, and logs in. */
export const verifyEmail = operation(authenticationVerifyEmail, async ({ body }, context) => {
  const { env, database, clientAddress } = context;
  const counted = await checkRateLimit(env, 'verify-email', { clientAddress });
  if (!counted.ok) return counted;

  const now = Date.now();
  const project = {
    id: randomObjectId(),
    alias: DEFAULT_PROJECT_ALIAS,
    color: `#${randomHex(6).toUpperCase()}`,
  };
  const user = await consumeVerificationToken(database, hashSecret(body.token), project, {
    id: randomObjectId(),
    eventType: 'project.created',
    resourceType: 'project',
    resourceId: project.id,
    payload: { ...project, is_default: true },
    realmIds: [],
    now,
  });
  if (user === null) return fail('VALIDATION_ERROR', 'The verification token is unknown, used or expired');
  provisionInBackground(context, user);
  const signedIn = await signIn(context, user, goalOf(body), now);
  return signedIn.ok ? ok({ message: 'E-mail address confirmed', data: signedIn.value }) : signedIn;
});
