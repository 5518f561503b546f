import { parseRedirectUris } from '@control-plane/auth';
import type { Env } from '../../env.ts';

export type ProviderName = 'github' | 'google';

/** How one provider is reached. `profileUrl`: GitHub's API root, Google's (or another's) userinfo endpoint. */
export interface ProviderConfig {
  readonly name: ProviderName;
  readonly title: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly profileUrl: string;
  readonly scopes: readonly string[];
}

type OAuthEnv = Pick<Env, Extract<keyof Env, `OAUTH_${string}`>>;

/** An https URL, or http to this machine; `fallback` when none is set. Null: set, and unusable. */
function endpoint(configured: string | undefined, fallback: string): string | null {
  const text = configured === undefined || configured === '' ? fallback : configured;
  if (!URL.canParse(text)) return null;
  const { protocol, hostname } = new URL(text);
  const isLocal = hostname === '127.0.0.1' || hostname === 'localhost' || hostname.endsWith('.localhost');
  return protocol === 'https:' || (protocol === 'http:' && isLocal) ? text : null;
}

/** A provider's configuration; null when it isn't offered here: no client, or an endpoint that is no URL. */
export function providerConfig(env: OAuthEnv, name: ProviderName): ProviderConfig | null {
  const isGithub = name === 'github';
  const clientId = isGithub ? env.OAUTH_GITHUB_CLIENT_ID : env.OAUTH_GOOGLE_CLIENT_ID;
  const clientSecret = isGithub ? env.OAUTH_GITHUB_CLIENT_SECRET : env.OAUTH_GOOGLE_CLIENT_SECRET;
  const [authorizeUrl, tokenUrl, profileUrl] = isGithub
    ? [
        endpoint(env.OAUTH_GITHUB_AUTHORIZE_URL, 'https://github.com/login/oauth/authorize'),
        endpoint(env.OAUTH_GITHUB_TOKEN_URL, 'https://github.com/login/oauth/access_token'),
        endpoint(env.OAUTH_GITHUB_API_URL, 'https://api.github.com'),
      ]
    : [
        endpoint(env.OAUTH_GOOGLE_AUTHORIZE_URL, 'https://accounts.google.com/o/oauth2/v2/auth'),
        endpoint(env.OAUTH_GOOGLE_TOKEN_URL, 'https://oauth2.googleapis.com/token'),
        endpoint(env.OAUTH_GOOGLE_USERINFO_URL, 'https://openidconnect.googleapis.com/v1/userinfo'),
      ];
  if (!clientId || !clientSecret || authorizeUrl === null || tokenUrl === null || profileUrl === null) {
    return null;
  }
  return {
    name,
    title: isGithub ? 'GitHub' : 'Google',
    clientId,
    clientSecret,
    authorizeUrl,
    tokenUrl,
    profileUrl,
    scopes: isGithub ? ['read:user', 'user:email'] : ['openid', 'email', 'profile'],
  };
}

/** Where browsers may be sent with the result of a sign-in. */
export function allowedRedirects(env: OAuthEnv): string[] {
  return parseRedirectUris(env.OAUTH_REDIRECT_URIS ?? '');
}

/** Where a launch ends: its own variable, or the first of the allow-list. Null: launches aren't offered. */
export function launchRedirect(env: OAuthEnv): string | null {
  const allowed = allowedRedirects(env);
  const own = env.OAUTH_LAUNCH_REDIRECT_URI;
  if (own === undefined || own === '') return allowed[0] ?? null;
  return allowed.includes(own) ? own : null;
}
