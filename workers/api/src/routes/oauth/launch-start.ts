import { hashSecret } from '@control-plane/auth';
import { fail } from '@control-plane/contract/errors';
import { oauthLaunchStart } from '@control-plane/contract/routes';
import { takeSignInStep } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { beginProviderSignIn, redirectTo } from './begin-provider-sign-in.ts';
import { readableFailure } from './browser-failure.ts';
import { publicOrigin } from './public-origin.ts';

/** Begins a prepared sign-in in the browser that opens the launch URL first. */
export const launchStart = operation(oauthLaunchStart, async ({ query }, context) => {
  const { env, request, realmId, database } = context;
  if (realmId !== null) {
    return redirectTo(`${publicOrigin(env, request)}/api/v1/auth/launch/start?ticket=${query.ticket}`);
  }
  const step = await takeSignInStep(database, 'launch_ticket', hashSecret(query.ticket), Date.now());
  if (step === null || step.provider === null) {
    return readableFailure(request, fail('VALIDATION_ERROR', 'The ticket is unknown, used or expired'));
  }
  const { provider, redirectUri, codeChallenge, stateId } = step;
  const begun = await beginProviderSignIn(context, provider, { redirectUri, codeChallenge, stateId });
  return readableFailure(request, begun.ok ? begun.value : begun);
});
