import { checkRateLimit } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract/errors';
import { oauthLaunchInitiate } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { keepStep } from '../authentication/sign-in-step.ts';
import { notOffered } from './begin-provider-sign-in.ts';
import { launchRedirect, providerConfig } from './provider-config.ts';
import { publicOrigin } from './public-origin.ts';

const TICKET_LIFETIME_MS = 5 * 60_000;

/**
 * Prepares a sign-in for an application that is no page: it opens `launch_url` in the system browser. The
 * sign-in ends at the configured page, with `state_id` in its fragment.
 */
export const launchInitiate = operation(oauthLaunchInitiate, async ({ body }, context) => {
  const { env, request, clientAddress } = context;
  if (providerConfig(env, body.provider) === null) return notOffered(body.provider);
  const redirectUri = launchRedirect(env);
  if (redirectUri === null) return fail('VALIDATION_ERROR', 'Launches are not offered here');
  const counted = await checkRateLimit(env, 'oauth-start', { clientAddress });
  if (!counted.ok) return counted;
  const step = {
    provider: body.provider,
    codeChallenge: body.code_challenge,
    stateId: body.state_id,
    redirectUri,
  };
  const ticket = await keepStep(context, 'launch_ticket', TICKET_LIFETIME_MS, step, Date.now());
  const url = `${publicOrigin(env, request)}/api/v1/auth/launch/start?ticket=${ticket}`;
  return ok({ message: 'Open launch_url in a browser', data: { launch_url: url } });
});
