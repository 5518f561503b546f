import {
  equalSecrets,
  hashSecret,
  providerVerifier,
  resultUri,
  type SignInResult,
} from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { oauthGithubCallback, oauthGoogleCallback } from '@control-plane/contract/routes';
import { findSignInStep, takeSignInStep, type SignInStep } from '@control-plane/database';
import type { RequestContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { signIn, signInForDevice } from '../authentication/sign-in.ts';
import { accountOfProfile } from './account-of-profile.ts';
import { callbackUri, notOffered, redirectTo } from './begin-provider-sign-in.ts';
import { stateSecret } from './browser-binding.ts';
import { readableFailure } from './browser-failure.ts';
import { devicePageUri } from './device-page-uri.ts';
import { fetchProfile } from './provider-client.ts';
import { providerConfig, type ProviderName } from './provider-config.ts';
import { publicOrigin } from './public-origin.ts';

interface CallbackQuery {
  readonly state: string;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
}

/**
 * The step that a state proves in the browser that began it. Another browser's visit changes nothing, so
 * that nobody can use a stranger's state up.
 */
async function takeState(
  { database }: RequestContext,
  provider: ProviderName,
  state: string,
  browser: string | null,
): Promise<Result<SignInStep>> {
  const now = Date.now();
  const stateHash = hashSecret(state);
  const step = await findSignInStep(database, 'oauth_state', stateHash, now);
  const isOurs =
    step?.provider === provider &&
    browser !== null &&
    equalSecrets(hashSecret(browser), step.browserHash ?? '');
  const taken = isOurs ? await takeSignInStep(database, 'oauth_state', stateHash, now) : null;
  if (taken === null) {
    return fail(
      'VALIDATION_ERROR',
      'This sign-in is unknown, over, expired, or of another browser: begin anew',
    );
  }
  return ok(taken);
}

/** Sends the browser on with what the sign-in ended in. */
function finish(context: RequestContext, step: SignInStep, result: SignInResult | 'approved'): Response {
  const { env, request } = context;
  if (step.deviceCodeHash !== null) return redirectTo(devicePageUri(publicOrigin(env, request), result));
  if (step.redirectUri === null || result === 'approved') throw new Error('a sign-in leads nowhere');
  return redirectTo(resultUri(step.redirectUri, result, step.stateId));
}

async function handleCallback(context: RequestContext, provider: ProviderName, query: CallbackQuery) {
  const { env, request, log } = context;
  const config = providerConfig(env, provider);
  if (config === null) return notOffered(provider);
  const browser = stateSecret(request);
  const taken = await takeState(context, provider, query.state, browser);
  if (!taken.ok) return taken;
  const step = taken.value;
  if (query.code === undefined || query.error !== undefined) {
    // The provider's words are not passed on: they came with a URL that anybody can write.
    return finish(context, step, {
      error: query.error === 'access_denied' ? 'access_denied' : 'provider_error',
    });
  }
  const redeem = { code: query.code, verifier: providerVerifier(browser ?? '', query.state) };
  const callback = callbackUri(publicOrigin(env, request), provider);
  const profile = await fetchProfile(config, callback, redeem, log);
  if (!profile.ok) return profile;
  const now = Date.now();
  const account = await accountOfProfile(context, config, profile.value, step.inviteCodeHash, now);
  if (!account.ok) return account;

  if (step.deviceCodeHash !== null) {
    const goal = { kind: 'device', deviceCodeHash: step.deviceCodeHash } as const;
    const outcome = await signInForDevice(context, account.value, goal, now);
    if (outcome.ok) {
      const { value } = outcome;
      return finish(context, step, 'temp_token' in value ? { '2fa': value.temp_token } : 'approved');
    }
    return outcome.error.code === 'RESOURCE_NOT_FOUND'
      ? finish(context, step, { error: 'expired' })
      : outcome;
  }
  const goal = { kind: 'intent', codeChallenge: step.codeChallenge } as const;
  const outcome = await signIn(context, account.value, goal, now);
  if (!outcome.ok) return outcome;
  if ('temp_token' in outcome.value) return finish(context, step, { '2fa': outcome.value.temp_token });
  if ('auth_intent_token' in outcome.value) {
    return finish(context, step, { intent: outcome.value.auth_intent_token });
  }
  throw new Error('a browser sign-in gave tokens');
}

export const githubCallback = operation(oauthGithubCallback, async ({ query }, context) =>
  readableFailure(context.request, await handleCallback(context, 'github', query)),
);

export const googleCallback = operation(oauthGoogleCallback, async ({ query }, context) =>
  readableFailure(context.request, await handleCallback(context, 'google', query)),
);
