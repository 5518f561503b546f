/** Calls operations the way the dispatcher does, on a temporary database: for unit tests of routes. */
import { randomObjectId, createLogger } from '@control-plane/serving';
import type { Principal, TokenGrant } from '@control-plane/auth';
import { errorBody, parseInput, type RawInput } from '@control-plane/contract';
import type { Database } from '@control-plane/database';
import type { AuthenticatedContext } from '../context.ts';
import type { Env } from '../env.ts';
import type { Operation } from '../operation.ts';

export interface Caller {
  readonly userId: string;
  readonly realmId?: string | null;
  /** Realms of the caller's auth token; undefined: the caller has a JWT. */
  readonly tokenRealmIds?: readonly string[];
  /** The admin who acts as the caller; absent: nobody. */
  readonly impersonatedBy?: string;
}

/** Variables that routes read; bindings are absent, so that a route that needs one fails loudly. */
type Variables = Partial<Pick<Env, 'API_DOMAIN' | 'SIGNING_KEYS'>>;

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** `data` of a success, the whole body of a failure. */
  readonly body: unknown;
}

const BASE_HOST = 'api.localhost';

/** The answer of one operation; input is checked by its route first, as the dispatcher does. */
export async function callOperation(
  operation: Operation,
  database: Database,
  caller: Caller,
  raw: Partial<RawInput> & { readonly headers?: Record<string, string> } = {},
  variables: Variables = {},
): Promise<TestAnswer> {
  const { params = {}, query = {}, body, headers = {} } = raw;
  const input = parseInput(operation.route, { params, query, body });
  if (!input.ok) return failure(errorBody(input.error));
  const result = await operation.handle(
    input.value,
    contextOf(operation, database, caller, headers, variables),
  );
  if (result instanceof Response) {
    return { status: result.status, headers: result.headers, body: await result.arrayBuffer() };
  }
  if (!result.ok) return failure(errorBody(result.error));
  const { data, status = operation.route.success[0], headers: sent = {} } = result.value;
  // What a route gives must be what it promises.
  const promised = operation.route.data?.().parse(data) ?? null;
  return { status, headers: new Headers(sent), body: promised };
}

function failure(body: { readonly statusCode: number }): TestAnswer {
  return { status: body.statusCode, headers: new Headers(), body };
}

function contextOf(
  operation: Operation,
  database: Database,
  caller: Caller,
  headers: Record<string, string>,
  variables: Variables,
): AuthenticatedContext {
  const realmId = caller.realmId ?? null;
  const host = realmId === null ? BASE_HOST : `${realmId}.${BASE_HOST}`;
  return {
    env: { API_DOMAIN: BASE_HOST, SIGNING_KEYS: '', ...variables } as Env,
    request: new Request(`http://${host}:8787${operation.route.path}`, { headers }),
    requestId: 'test-request',
    realmId,
    clientAddress: '203.0.113.7',
    database,
    principal: principalOf(caller),
    log: createLogger({ component: 'test' }),
    seedId: randomObjectId(),
    respondAsync: false,
    timing: () => {},
    waitUntil: () => {},
  };
}

/** The principal of a caller: a verified ordinary user. */
export function principalOf({
  userId,
  tokenRealmIds,
  impersonatedBy = null,
}: Omit<Caller, 'realmId' | 'impersonatedBy'> & { readonly impersonatedBy?: string | null }): Principal {
  return {
    kind: tokenRealmIds === undefined ? 'jwt' : 'auth-token',
    userId,
    username: 'user',
    email: 'user@example.test',
    alias: null,
    isAdmin: false,
    isBanned: false,
    emailVerified: true,
    sessionGeneration: 1,
    grant: tokenRealmIds === undefined ? null : grantOf(tokenRealmIds),
    viaBasic: false,
    impersonatedBy,
    credentialExpiresAt: null,
  };
}

function grantOf(realmIds: readonly string[]): TokenGrant {
  return {
    tokenId: 'f'.repeat(24),
    alias: 'token',
    permissions: {},
    realmIds,
    ipWhitelist: ['*'],
    allowNoRealm: true,
    vaultAccess: false,
    eventAccess: true,
    createdByTokenId: null,
    delegationDepth: 0,
    expiresAt: null,
  };
}
