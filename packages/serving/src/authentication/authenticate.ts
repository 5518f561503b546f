import { realmDecision, type Principal } from '@control-plane/auth';
import type { RouteDefinition } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { identify, impersonate, type AuthenticationInput } from './authenticate-credential.ts';

/** The one route that a realm-bound token may call on the base host. */
const INTROSPECTION = 'authTokens.getCurrent';

/** Routes that read a credential of their own kind themselves. */
const OWN_CREDENTIAL: readonly RouteDefinition['auth'][] = [
  'refresh',
  'temp-token',
  'body-or-temp-token',
  'device-cookie',
];

/**
 * Establishes the caller of a route and whether this kind of caller may call it at all.
 *
 * On public routes a credential that is not good is no failure: the caller is nobody (null). `refresh`,
 * `temp-token` and `device-cookie` routes read their own credential. Everywhere else the answer is a
 * principal (of the user whom an admin acts as, with `x-impersonate-user`) or 401 MISSING_TOKEN,
 * INVALID_TOKEN, TOKEN_EXPIRED, INVALID_CREDENTIALS; 403 ACCOUNT_BANNED, IP_NOT_ALLOWED,
 * REALM_SCOPE_REQUIRED, INSUFFICIENT_PERMISSIONS; 429 for passwords sent as Basic.
 */
export async function authenticate(
  route: Pick<RouteDefinition, 'auth' | 'operationId'>,
  input: AuthenticationInput,
): Promise<Result<Principal | null>> {
  if (OWN_CREDENTIAL.includes(route.auth)) return ok(null);
  const known = await identify(input);
  const identified = known.ok && known.value !== null ? await impersonate(known.value, input) : known;
  if (route.auth === 'public') {
    const principal = identified.ok ? identified.value : null;
    return ok(principal !== null && admit(route, principal, input.realmId).ok ? principal : null);
  }
  if (!identified.ok) return identified;
  if (identified.value === null) return fail('MISSING_TOKEN', 'This route needs an Authorization header');
  const admitted = admit(route, identified.value, input.realmId);
  return admitted.ok ? identified : admitted;
}

function admit(
  route: Pick<RouteDefinition, 'auth' | 'operationId'>,
  principal: Principal,
  realmId: string | null,
): Result<void> {
  if (principal.isBanned && route.auth !== 'active-or-banned') {
    return fail('ACCOUNT_BANNED', 'This account is banned');
  }
  if (route.auth === 'jwt' && (principal.kind !== 'jwt' || principal.viaBasic)) {
    return fail('INSUFFICIENT_PERMISSIONS', 'This route takes a session token (JWT) only');
  }
  if (route.auth === 'auth-token' && principal.kind !== 'auth-token') {
    return fail('INSUFFICIENT_PERMISSIONS', 'This route takes an auth token only');
  }
  if (principal.grant === null) return ok(undefined);
  return realmDecision(principal.grant, realmId, route.operationId === INTROSPECTION);
}
