import { checkRateLimit } from '@control-plane/serving';
import { hashSecret, providerVerifier, randomHex, secureRandom } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import type { NewSignInStep } from '@control-plane/database';
import type { RequestContext } from '../../context.ts';
import { keepStep } from '../authentication/sign-in-step.ts';
import { stateCookie, stateSecret } from './browser-binding.ts';
import { authorizationUrl } from './provider-client.ts';
import { providerConfig, type ProviderName } from './provider-config.ts';
import { publicOrigin } from './public-origin.ts';

/** How long somebody may take at the provider. */
const STATE_LIFETIME_MS = 10 * 60_000;

/** Where a provider sends browsers back to; this is what must be registered with it. */
export function callbackUri(origin: string, provider: ProviderName): string {
  return `${origin}/api/v1/auth/${provider}/callback`;
}

/** A redirect of a browser, with the cookies it shall keep. */
export function redirectTo(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 302, headers });
}

/** That a provider is not connected to this installation, said the same way everywhere. */
export function notOffered(provider: ProviderName) {
  return fail('VALIDATION_ERROR', `Sign-in with ${provider} is not offered here`);
}

/**
 * Sends the browser to a provider. The state is good once, for this browser (its cookie), this provider
 * and what `aim` says. VALIDATION_ERROR when the provider isn't offered; RATE_LIMIT_EXCEEDED.
 */
export async function beginProviderSignIn(
  context: RequestContext,
  provider: ProviderName,
  aim: Pick<
    Partial<NewSignInStep>,
    'redirectUri' | 'codeChallenge' | 'stateId' | 'inviteCodeHash' | 'deviceCodeHash'
  >,
): Promise<Result<Response>> {
  const { env, request, clientAddress } = context;
  const config = providerConfig(env, provider);
  if (config === null) return notOffered(provider);
  const counted = await checkRateLimit(env, 'oauth-start', { clientAddress });
  if (!counted.ok) return counted;

  // One secret for all tabs of a browser: a second sign-in must not break the first.
  const browser = stateSecret(request) ?? randomHex(secureRandom, 32);
  const step = { ...aim, provider, browserHash: hashSecret(browser) };
  const state = await keepStep(context, 'oauth_state', STATE_LIFETIME_MS, step, Date.now());
  const callback = callbackUri(publicOrigin(env, request), provider);
  const location = authorizationUrl(config, callback, state, providerVerifier(browser, state));
  return ok(redirectTo(location, [stateCookie(browser, STATE_LIFETIME_MS)]));
}
