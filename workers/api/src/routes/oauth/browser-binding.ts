/** Cookies that tie a step of a sign-in to the one browser that took the step before. */
import { DEVICE_COOKIE } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract/errors';

/** Set when a browser is sent to a provider. Lax: it must come along when the provider sends it back. */
const STATE_COOKIE = '__Host-oauth_state';

const SECRET_PATTERN = /^[0-9a-f]{64}$/;

/** The first cookie of that name (RFC 6265 section 5.4: the one of the longest path), if it has our form. */
function secretOf(request: Request, name: string): string | null {
  const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  const value = pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  return value !== undefined && SECRET_PATTERN.test(value) ? value : null;
}

function cookie(name: string, secret: string, sameSite: 'Lax' | 'Strict', lifetimeMs: number): string {
  const seconds = Math.floor(lifetimeMs / 1000);
  return `${name}=${secret}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=${sameSite}`;
}

/** The secret of the browser that is on its way to a provider and back; null: not one of ours. */
export function stateSecret(request: Request): string | null {
  return secretOf(request, STATE_COOKIE);
}

export function stateCookie(secret: string, lifetimeMs: number): string {
  return cookie(STATE_COOKIE, secret, 'Lax', lifetimeMs);
}

/** The secret of the browser that approves a device. MISSING_TOKEN without the cookie. */
export function deviceSecret(request: Request): Result<string> {
  const secret = secretOf(request, DEVICE_COOKIE);
  return secret === null
    ? fail('MISSING_TOKEN', `This route needs the cookie ${DEVICE_COOKIE} of verify_code`)
    : ok(secret);
}

/** Strict: no page but our own ever makes a browser send it. */
export function deviceCookie(secret: string, lifetimeMs: number): string {
  return cookie(DEVICE_COOKIE, secret, 'Strict', lifetimeMs);
}

/**
 * Refuses what a foreign page makes a browser send (INSUFFICIENT_PERMISSIONS), by what browsers say and
 * scripts can't: Sec-Fetch-Site, or in older ones Origin. A client that is no browser sends neither.
 */
export function requireSameOrigin(request: Request, origin: string): Result<void> {
  const site = request.headers.get('sec-fetch-site');
  const from = request.headers.get('origin');
  const isOwn = site === null ? from === null || from === origin : site === 'same-origin' || site === 'none';
  return isOwn ? ok(undefined) : fail('INSUFFICIENT_PERMISSIONS', 'This is for the pages of this site only');
}
