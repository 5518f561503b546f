import {
  effectiveGrant,
  equalSecrets,
  hashSecret,
  isAddressAllowed,
  parseAuthorization,
  verifyJwt,
} from '@control-plane/auth';
import type { BasicPart, Credential, Principal, TokenGrant } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  findTokensAbove,
  findTokenWithUser,
  findTwoFactor,
  findUser,
  isTouchDue,
  touchAuthToken,
} from '@control-plane/database';
import type { AuthTokenRow, Database, UserRow } from '@control-plane/database';
import { permissionTree, grantedLeaves } from '@control-plane/auth';
import type { ServingEnv } from '../env.ts';
import { jwtKeys } from './jwt-keys.ts';
import { checkPassword } from './check-password.ts';

/** What authentication needs of a request. */
export interface AuthenticationInput {
  readonly request: Request;
  readonly env: Pick<ServingEnv, 'JWT_KEYS' | 'RATE_LIMITS'>;
  readonly database: Database;
  /** Realm of the host that was called; null on the base host. */
  readonly realmId: string | null;
  readonly clientAddress: string;
  /** Unix milliseconds. */
  readonly now: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const INVALID = 'The credential is not valid';
const EXPIRED = 'The token has expired';

/**
 * Establishes who sent the request's `Authorization` header. Null: there is none. One database read; two for
 * a token that another token minted, because what counts is what is left of the powers above it.
 */
export async function identify(input: AuthenticationInput): Promise<Result<Principal | null>> {
  const credential = parseAuthorization(input.request.headers.get('authorization'));
  switch (credential.kind) {
    case 'none':
      return ok(null);
    case 'malformed':
      return fail('INVALID_TOKEN', 'The Authorization header is malformed');
    case 'jwt':
      return identifyJwt(credential.text, input);
    case 'auth-token':
      return identifyToken(credential, input, false);
    case 'basic':
      return identifyBasic(credential, input);
  }
}

/**
 * `x-impersonate-user: <user id>`: an admin's session acts as that user. On an auth token the header means
 * nothing; from anybody else, or naming nobody, it is INSUFFICIENT_PERMISSIONS.
 */
export async function impersonate(
  principal: Principal,
  input: AuthenticationInput,
): Promise<Result<Principal>> {
  const wanted = input.request.headers.get('x-impersonate-user');
  if (wanted === null || principal.kind === 'auth-token') return ok(principal);
  const refused = fail('INSUFFICIENT_PERMISSIONS', 'x-impersonate-user is for sessions of admins only');
  if (!principal.isAdmin || principal.isBanned || principal.viaBasic) return refused;
  const user = /^[0-9a-f]{24}$/.test(wanted) ? await findUser(input.database, wanted) : null;
  if (user === null) return fail('INSUFFICIENT_PERMISSIONS', 'x-impersonate-user names no user');
  const impersonated = principalOf(user, null, false, principal.credentialExpiresAt);
  return ok({ ...impersonated, impersonatedBy: principal.userId });
}

async function identifyJwt(text: string, input: AuthenticationInput): Promise<Result<Principal>> {
  const verdict = await verifyJwt(await jwtKeys(input.env), text, 'access', input.now);
  if (verdict.kind === 'expired') return fail('TOKEN_EXPIRED', EXPIRED);
  if (verdict.kind === 'invalid') return fail('INVALID_TOKEN', INVALID);
  const user = await findUser(input.database, verdict.subject.userId);
  if (user === null || user.sessionGeneration !== verdict.subject.sessionGeneration) {
    return fail('INVALID_TOKEN', INVALID);
  }
  return ok(principalOf(user, null, false, verdict.expiresAt));
}

async function identifyToken(
  credential: Extract<BasicPart, { kind: 'auth-token' }>,
  input: AuthenticationInput,
  viaBasic: boolean,
): Promise<Result<Principal>> {
  const { database, clientAddress, now } = input;
  const found = await findTokenWithUser(database, credential.tokenId);
  if (found === null || !equalSecrets(hashSecret(credential.text), found.token.secretHash)) {
    return fail('INVALID_TOKEN', INVALID);
  }
  const { token, user } = found;
  const above =
    token.createdByTokenId === null ? [] : await findTokensAbove(database, user.id, token.createdByTokenId);
  if ([token, ...above].some(({ isEnabled }) => !isEnabled)) {
    return fail('INVALID_TOKEN', 'The token is disabled');
  }
  const grant = effectiveGrant(grantOf(token), above.map(grantOf));
  if (grant === null) return fail('INVALID_TOKEN', 'The token has no realm left that it could be used in');
  if (grant.expiresAt !== null && grant.expiresAt <= now) return fail('TOKEN_EXPIRED', EXPIRED);
  if (!isAddressAllowed(grant.ipWhitelist, clientAddress)) {
    return fail('IP_NOT_ALLOWED', 'The token may not be used from this address');
  }
  if (isTouchDue(token.lastUsedAt, now)) {
    input.waitUntil(touchAuthToken(database, token.id, clientAddress, now));
  }
  return ok(principalOf(user, grant, viaBasic, grant.expiresAt));
}

async function identifyBasic(
  credential: Extract<Credential, { kind: 'basic' }>,
  input: AuthenticationInput,
): Promise<Result<Principal>> {
  let outcome: Result<Principal> = fail('INVALID_TOKEN', INVALID);
  for (const attempt of credential.attempts) {
    outcome =
      attempt.kind === 'auth-token'
        ? await identifyToken(attempt, input, true)
        : await identifyPassword(attempt, input);
    if (outcome.ok) return outcome;
  }
  return outcome;
}

async function identifyPassword(
  { login, password }: Extract<BasicPart, { kind: 'password' }>,
  input: AuthenticationInput,
): Promise<Result<Principal>> {
  const { env, database, clientAddress, now, waitUntil, request } = input;
  const user = await checkPassword({
    env,
    database,
    name: login.includes('@') ? { email: login } : { username: login },
    password,
    clientAddress,
    userAgent: request.headers.get('user-agent'),
    now,
    waitUntil,
  });
  if (!user.ok) return user;
  // A password alone must not be a way around the second factor.
  const twoFactor = await findTwoFactor(database, user.value.id);
  if (twoFactor !== null && twoFactor.verifiedAt !== null) {
    return fail(
      'INVALID_CREDENTIALS',
      'The account has a second factor: send an auth token instead of the password',
    );
  }
  return ok(principalOf(user.value, null, true, null));
}

/** What a stored token may do by itself, the tokens above it left aside. */
export function grantOf(token: AuthTokenRow): TokenGrant {
  return {
    tokenId: token.id,
    alias: token.alias,
    permissions: permissionTree(grantedLeaves(token.permissions)),
    realmIds: token.realmIds,
    allowNoRealm: token.allowNoRealm,
    vaultAccess: token.vaultAccess,
    eventAccess: token.eventAccess,
    ipWhitelist: token.ipWhitelist,
    createdByTokenId: token.createdByTokenId,
    delegationDepth: token.delegationDepth,
    expiresAt: token.expiresAt,
  };
}

function principalOf(
  user: UserRow,
  grant: TokenGrant | null,
  viaBasic: boolean,
  credentialExpiresAt: number | null,
): Principal {
  return {
    kind: grant === null ? 'jwt' : 'auth-token',
    userId: user.id,
    username: user.username,
    email: user.email,
    alias: user.alias,
    isAdmin: user.isAdmin,
    isBanned: user.isBanned,
    emailVerified: user.emailVerified,
    sessionGeneration: user.sessionGeneration,
    grant,
    viaBasic,
    impersonatedBy: null,
    credentialExpiresAt,
  };
}
