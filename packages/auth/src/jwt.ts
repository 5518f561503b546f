import { errors, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import { randomHex, type RandomBytes } from './random.ts';

export const JWT_ISSUER = 'hoody-api';
export const ACCESS_LIFETIME_S = 86_400;
export const REFRESH_LIFETIME_S = 7 * 86_400;
const ALGORITHM = 'EdDSA';

/** Keys that sign and verify JWTs. Older keys stay for verification while tokens of theirs live. */
export interface JwtKeySet {
  readonly activeKid: string;
  readonly signingKey: CryptoKey;
  readonly verificationKeys: ReadonlyMap<string, CryptoKey>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The Ed25519 members of a JWK (RFC 8037) and nothing else of it. */
function okpKey(value: unknown): { x: string; d?: string } {
  if (
    !isRecord(value) ||
    value['kty'] !== 'OKP' ||
    value['crv'] !== 'Ed25519' ||
    typeof value['x'] !== 'string'
  ) {
    throw new Error('JWT_KEYS: a key is no Ed25519 JWK');
  }
  return { x: value['x'], ...(typeof value['d'] === 'string' ? { d: value['d'] } : {}) };
}

async function importOkp(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM);
  if (key instanceof Uint8Array) throw new Error('JWT_KEYS: a key is symmetric');
  return key;
}

/**
 * Reads `{"active_kid": "…", "keys": [{"kid": "…", "jwk": {…}}]}` (Ed25519 JWKs; the active one private).
 *
 * @throws Error when the configuration is broken: without keys no request can be served
 */
export async function parseJwtKeys(text: string): Promise<JwtKeySet> {
  const parsed: unknown = JSON.parse(text);
  if (!isRecord(parsed) || typeof parsed['active_kid'] !== 'string' || !Array.isArray(parsed['keys'])) {
    throw new Error('JWT_KEYS: active_kid or keys missing');
  }
  const activeKid = parsed['active_kid'];
  const verificationKeys = new Map<string, CryptoKey>();
  let signingKey: CryptoKey | undefined;
  for (const entry of parsed['keys'] as unknown[]) {
    if (!isRecord(entry) || typeof entry['kid'] !== 'string') throw new Error('JWT_KEYS: a key has no kid');
    const { x, d } = okpKey(entry['jwk']);
    const base = { kty: 'OKP', crv: 'Ed25519', x };
    verificationKeys.set(entry['kid'], await importOkp(base));
    if (entry['kid'] === activeKid && d !== undefined) signingKey = await importOkp({ ...base, d });
  }
  if (signingKey === undefined) throw new Error('JWT_KEYS: the active key is missing or has no private half');
  return { activeKid, signingKey, verificationKeys };
}

export type JwtType = 'access' | 'refresh';

/** A session's tokens; times in Unix milliseconds, lifetimes in seconds. */
export interface SessionTokens {
  readonly accessToken: string;
  readonly accessExpiresAt: number;
  readonly accessLifetimeS: number;
  readonly refreshToken: string;
  readonly refreshExpiresAt: number;
  readonly refreshLifetimeS: number;
}

export interface JwtSubject {
  readonly userId: string;
  /** The user's session generation; an older one is dead. */
  readonly sessionGeneration: number;
}

interface Signed {
  readonly token: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

async function sign(
  keys: JwtKeySet,
  subject: JwtSubject,
  type: JwtType,
  now: number,
  random: RandomBytes,
): Promise<Signed> {
  const issuedAt = Math.floor(now / 1000);
  const expiresAt = issuedAt + (type === 'access' ? ACCESS_LIFETIME_S : REFRESH_LIFETIME_S);
  const token = await new SignJWT({ typ: type, gen: subject.sessionGeneration })
    .setProtectedHeader({ alg: ALGORITHM, kid: keys.activeKid, typ: 'JWT' })
    .setIssuer(JWT_ISSUER)
    .setSubject(subject.userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .setJti(randomHex(random, 16))
    .sign(keys.signingKey);
  return { token, expiresAt: expiresAt * 1000 };
}

/** Signs an access token (1 day). `now` in Unix milliseconds. */
export function signAccessToken(
  keys: JwtKeySet,
  subject: JwtSubject,
  now: number,
  random: RandomBytes,
): Promise<Signed> {
  return sign(keys, subject, 'access', now, random);
}

/** Signs an access (1 day) and a refresh token (7 days). `now` in Unix milliseconds. */
export async function signSessionTokens(
  keys: JwtKeySet,
  subject: JwtSubject,
  now: number,
  random: RandomBytes,
): Promise<SessionTokens> {
  const access = await sign(keys, subject, 'access', now, random);
  const refresh = await sign(keys, subject, 'refresh', now, random);
  return {
    accessToken: access.token,
    accessExpiresAt: access.expiresAt,
    accessLifetimeS: ACCESS_LIFETIME_S,
    refreshToken: refresh.token,
    refreshExpiresAt: refresh.expiresAt,
    refreshLifetimeS: REFRESH_LIFETIME_S,
  };
}

export type JwtVerdict =
  | { readonly kind: 'valid'; readonly subject: JwtSubject; readonly expiresAt: number }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' };

/**
 * Verifies a JWT: EdDSA only, a key of ours by `kid`, our issuer, the wanted type, not expired. The caller
 * must still compare `sessionGeneration` with the user's.
 *
 * @param now Unix milliseconds
 */
export async function verifyJwt(
  keys: JwtKeySet,
  token: string,
  type: JwtType,
  now: number,
): Promise<JwtVerdict> {
  const selectKey = (header: { kid?: string }): CryptoKey => {
    const key = header.kid === undefined ? undefined : keys.verificationKeys.get(header.kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  try {
    const { payload } = await jwtVerify(token, selectKey, {
      algorithms: [ALGORITHM],
      issuer: JWT_ISSUER,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(now),
    });
    const { sub, exp, gen, typ } = payload;
    if (typ !== type || typeof sub !== 'string' || typeof exp !== 'number') return { kind: 'invalid' };
    if (typeof gen !== 'number' || !Number.isSafeInteger(gen)) return { kind: 'invalid' };
    return { kind: 'valid', subject: { userId: sub, sessionGeneration: gen }, expiresAt: exp * 1000 };
  } catch (error) {
    return {
      kind: error instanceof errors.JWTExpired && error.payload['typ'] === type ? 'expired' : 'invalid',
    };
  }
}
