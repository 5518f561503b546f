import type { ErrorCode } from './errors.ts';
import type { RouteDefinition } from './route.ts';

const IDENTITY_ERRORS = ['MISSING_TOKEN', 'INVALID_TOKEN', 'TOKEN_EXPIRED'] as const;
const BEARER_ERRORS = [
  ...IDENTITY_ERRORS,
  'INVALID_CREDENTIALS',
  'INSUFFICIENT_PERMISSIONS',
  'REALM_SCOPE_REQUIRED',
  'IP_NOT_ALLOWED',
] as const;
const BODY_ERRORS = ['VALIDATION_ERROR', 'INVALID_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const;
const IDEMPOTENCY_ERRORS = [
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_KEY_IN_USE',
  'IDEMPOTENCY_KEY_REUSED',
] as const;

const AUTH_ERRORS: Record<RouteDefinition['auth'], readonly ErrorCode[]> = {
  public: [],
  bearer: [...BEARER_ERRORS, 'ACCOUNT_BANNED'],
  jwt: [...BEARER_ERRORS, 'ACCOUNT_BANNED'],
  'auth-token': [...BEARER_ERRORS, 'ACCOUNT_BANNED'],
  refresh: [...IDENTITY_ERRORS, 'INSUFFICIENT_PERMISSIONS', 'ACCOUNT_BANNED'],
  'active-or-banned': BEARER_ERRORS,
  'temp-token': [...IDENTITY_ERRORS, 'INSUFFICIENT_PERMISSIONS', 'ACCOUNT_BANNED'],
  'body-or-temp-token': [...IDENTITY_ERRORS, 'INSUFFICIENT_PERMISSIONS', 'ACCOUNT_BANNED'],
  'device-cookie': [...IDENTITY_ERRORS, 'INSUFFICIENT_PERMISSIONS', 'ACCOUNT_BANNED'],
};

/**
 * Every code that a route can answer with: its own, and those that follow from its credential, its input
 * and its method and therefore aren't written into the table.
 */
export function routeErrors(route: RouteDefinition): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(route.errors);
  for (const code of AUTH_ERRORS[route.auth]) codes.add(code);
  if (route.params !== undefined || route.query !== undefined) codes.add('VALIDATION_ERROR');
  if (route.path.includes('{id}')) codes.add('INVALID_ID_FORMAT');
  if (route.body !== undefined) for (const code of BODY_ERRORS) codes.add(code);
  if (route.method === 'POST') for (const code of IDEMPOTENCY_ERRORS) codes.add(code);
  if (route.bodyError !== undefined) codes.add(route.bodyError);
  for (const code of Object.values(route.fieldErrors ?? {})) codes.add(code);
  codes.add('SERVICE_UNAVAILABLE').add('INTERNAL_SERVER_ERROR');
  return [...codes];
}
