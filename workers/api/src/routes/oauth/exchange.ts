import { checkRateLimit } from '@control-plane/serving';
import { hashSecret, provesChallenge } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { oauthExchange } from '@control-plane/contract/routes';
import { takeSignInStep } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { openSession } from '../authentication/session.ts';
import { userOfStep } from '../authentication/sign-in-step.ts';

/**
 * Exchanges a code for tokens. Whoever stole a code has one attempt and needs the verifier for it: an
 * attempt uses the code up, whatever comes of it (RFC 6749 section 4.1.2, RFC 7636 section 4.6).
 */
export const exchange = operation(oauthExchange, async ({ body }, context) => {
  const { env, database, clientAddress } = context;
  const counted = await checkRateLimit(env, 'oauth-exchange', { clientAddress });
  if (!counted.ok) return counted;
  const now = Date.now();
  const step = await takeSignInStep(database, 'authorization_code', hashSecret(body.code), now);
  const isRight =
    step !== null &&
    step.redirectUri === body.redirect_uri &&
    step.codeChallenge !== null &&
    provesChallenge(step.codeChallenge, body.code_verifier);
  const user = isRight ? await userOfStep(context, step) : null;
  if (user === null) {
    return fail(
      'VALIDATION_ERROR',
      'The code is unknown, used, expired, or was given for another application',
    );
  }
  const session = await openSession(context, user, now);
  return session.ok ? ok({ message: 'Signed in', data: session.value }) : session;
});
