import { type Logger, describeError } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  CodeChallengeMethod,
  decodeIdToken,
  OAuth2Client,
  OAuth2RequestError,
  type OAuth2Tokens,
} from 'arctic';
import * as z from 'zod';
import type { ProviderConfig } from './provider-config.ts';

/** A provider that is silent longer than this has failed. */
const PATIENCE_MS = 10_000;
const PROFILE_BYTES_MAX = 256 * 1024;

/** The provider answered, and it is a no; anything else that goes wrong is its being out of order. */
class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
}

/** Somebody as a provider vouches for them. */
export interface ProviderProfile {
  /** The provider's permanent id of the account. */
  readonly subject: string;
  readonly username: string | null;
  /** Lower case; null unless the provider has verified it. */
  readonly verifiedEmail: string | null;
}

function clientOf(config: ProviderConfig, callbackUri: string): OAuth2Client {
  return new OAuth2Client(config.clientId, config.clientSecret, callbackUri);
}

/** Where the browser goes to sign in: authorization code with PKCE S256 (RFC 7636). */
export function authorizationUrl(
  config: ProviderConfig,
  callbackUri: string,
  state: string,
  verifier: string,
): string {
  const method = CodeChallengeMethod.S256;
  const url = clientOf(config, callbackUri).createAuthorizationURLWithPKCE(
    config.authorizeUrl,
    state,
    method,
    verifier,
    [...config.scopes],
  );
  return url.href;
}

async function readJson(url: string, accessToken: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/json',
      'user-agent': 'control-plane',
    },
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  if (!response.ok || text.length > PROFILE_BYTES_MAX)
    throw new Error(`the profile answered ${response.status}`);
  return JSON.parse(text);
}

const Email = z.email().max(255);

function verifiedEmail(email: string | null | undefined): string | null {
  const parsed = Email.safeParse(email);
  return parsed.success ? parsed.data.toLowerCase() : null;
}

const GithubUser = z.object({ id: z.number().int().positive(), login: z.string().max(100) });
const GithubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

async function githubProfile(apiUrl: string, accessToken: string): Promise<ProviderProfile> {
  const base = apiUrl.replace(/\/+$/, '');
  const [user, emails] = await Promise.all([
    readJson(`${base}/user`, accessToken),
    readJson(`${base}/user/emails`, accessToken),
  ]);
  const { id, login } = GithubUser.parse(user);
  const primary = GithubEmails.parse(emails).find((entry) => entry.primary && entry.verified);
  return { subject: String(id), username: login, verifiedEmail: verifiedEmail(primary?.email) };
}

const UserInfo = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().optional(),
  email_verified: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  name: z.string().optional(),
});
const IdToken = z.object({ sub: z.string(), aud: z.union([z.string(), z.array(z.string())]) });

/** OpenID Connect Core section 5.3. The ID token came straight from the token endpoint (3.1.3.7, point 6). */
async function openidProfile(
  config: ProviderConfig,
  accessToken: string,
  idToken: string,
): Promise<ProviderProfile> {
  const claims = IdToken.parse(decodeIdToken(idToken));
  const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  const info = UserInfo.parse(await readJson(config.profileUrl, accessToken));
  if (!audience.includes(config.clientId) || claims.sub !== info.sub) {
    throw new ProviderRefusal('the ID token is not of this client or not of this user');
  }
  const isVerified = info.email_verified === true || info.email_verified === 'true';
  return {
    subject: info.sub,
    username: info.name?.slice(0, 100) ?? null,
    verifiedEmail: isVerified ? verifiedEmail(info.email) : null,
  };
}

/** GitHub refuses a code with status 200 and an `error` where the token would be. */
function accessTokenOf(tokens: OAuth2Tokens): string {
  if ('error' in tokens.data) throw new ProviderRefusal('the code was refused');
  return tokens.accessToken();
}

async function timely<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Redeems the code that a browser brought back and asks who it is. INVALID_CREDENTIALS when the provider
 * refuses the code, SERVICE_UNAVAILABLE when it can't be reached or understood; the reason is logged,
 * without code and tokens.
 */
export async function fetchProfile(
  config: ProviderConfig,
  callbackUri: string,
  redeem: { readonly code: string; readonly verifier: string },
  log: Logger,
): Promise<Result<ProviderProfile>> {
  try {
    const client = clientOf(config, callbackUri);
    const tokens = await timely(
      client.validateAuthorizationCode(config.tokenUrl, redeem.code, redeem.verifier),
    );
    return ok(
      config.name === 'github'
        ? await githubProfile(config.profileUrl, accessTokenOf(tokens))
        : await openidProfile(config, accessTokenOf(tokens), tokens.idToken()),
    );
  } catch (error) {
    log.warn('sign-in at a provider failed', { provider: config.name, error: describeError(error) });
    return error instanceof OAuth2RequestError || error instanceof ProviderRefusal
      ? fail('INVALID_CREDENTIALS', `${config.title} did not confirm the sign-in`)
      : fail('SERVICE_UNAVAILABLE', `${config.title} can't be reached now`);
  }
}
