import { isAllowedRedirect } from '@control-plane/auth';
import { fail } from '@control-plane/contract/errors';
import { oauthGithubRedirect, oauthGoogleRedirect } from '@control-plane/contract/routes';
import { inviteCodeHash } from '../../accounts/invite-code.ts';
import type { RequestContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { beginProviderSignIn, redirectTo } from './begin-provider-sign-in.ts';
import { readableFailure } from './browser-failure.ts';
import { allowedRedirects, type ProviderName } from './provider-config.ts';
import { publicOrigin } from './public-origin.ts';

interface RedirectQuery {
  readonly redirect_uri: string;
  readonly code_challenge: string;
  readonly invite_code?: string | undefined;
}

/** That a redirect URI is not on the allow-list, said the same way everywhere. */
export function redirectRefused() {
  const message = 'must be an https URL that is on the allow-list of this installation';
  return fail('VALIDATION_ERROR', `redirect_uri: ${message}`, {
    data: [{ instancePath: '/redirect_uri', message }],
  });
}

async function toProvider(context: RequestContext, provider: ProviderName, query: RedirectQuery) {
  const { env, request, realmId } = context;
  if (!isAllowedRedirect(query.redirect_uri, allowedRedirects(env))) return redirectRefused();
  if (realmId !== null) {
    // The way back leads to the base host, where a cookie of a realm's host would be missing.
    const { pathname, search } = new URL(request.url);
    return redirectTo(`${publicOrigin(env, request)}${pathname}${search}`);
  }
  const begun = await beginProviderSignIn(context, provider, {
    redirectUri: query.redirect_uri,
    codeChallenge: query.code_challenge,
    inviteCodeHash: query.invite_code === undefined ? null : inviteCodeHash(query.invite_code),
  });
  return begun.ok ? begun.value : begun;
}

export const redirectToGithub = operation(oauthGithubRedirect, async ({ query }, context) =>
  readableFailure(context.request, await toProvider(context, 'github', query)),
);

export const redirectToGoogle = operation(oauthGoogleRedirect, async ({ query }, context) =>
  readableFailure(context.request, await toProvider(context, 'google', query)),
);
