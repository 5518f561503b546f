import { hashSecret, isAllowedRedirect } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { oauthAuthorize } from '@control-plane/contract/routes';
import { takeSignInStep } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { bearerStepToken, findUserStep, keepStep, stepOfUser } from '../authentication/sign-in-step.ts';
import { allowedRedirects } from './provider-config.ts';
import { redirectRefused } from './redirect-to-provider.ts';

const CODE_LIFETIME_MS = 60_000;

/**
 * Turns an intent into a code for one application: for the challenge whose verifier it keeps, and for one
 * redirect URI. The intent is used up; a refused request leaves it.
 */
export const authorize = operation(oauthAuthorize, async ({ body }, context) => {
  const { env, database, request } = context;
  const token = bearerStepToken(request);
  if (!token.ok) return token;
  const now = Date.now();
  const found = await findUserStep(context, 'intent', token.value, now);
  if (!found.ok) return found;
  const { step, user } = found.value;
  if (!isAllowedRedirect(body.redirect_uri, allowedRedirects(env))) return redirectRefused();
  if (step.codeChallenge !== null && step.codeChallenge !== body.code_challenge) {
    const message = 'is not the challenge that this sign-in began with';
    return fail('VALIDATION_ERROR', `code_challenge: ${message}`, {
      data: [{ instancePath: '/code_challenge', message }],
    });
  }
  const taken = await takeSignInStep(database, 'intent', hashSecret(token.value), now);
  if (taken === null) return fail('INVALID_TOKEN', 'The token is unknown, used or expired');
  const aim = { ...stepOfUser(user), codeChallenge: body.code_challenge, redirectUri: body.redirect_uri };
  const code = await keepStep(context, 'authorization_code', CODE_LIFETIME_MS, aim, now);
  const url = new URL(body.redirect_uri);
  url.searchParams.set('code', code);
  return ok({
    message: 'Authorized',
    data: {
      code,
      redirect_uri: body.redirect_uri,
      redirect_url: url.href,
      expires_in: CODE_LIFETIME_MS / 1000,
    },
  });
});
