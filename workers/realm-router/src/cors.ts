/**
 * CORS is open: the API takes no cookies for its own calls, so that a foreign page gains nothing that a
 * script outside a browser has not. `Authorization` must be named: `*` does not cover it.
 */
const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'Prefer',
  'X-Request-Id',
  'X-Hoody-Client-ID',
  'X-Hoody-Client-Name',
  'X-Impersonate-User',
].join(', ');
const EXPOSED_HEADERS = [
  'X-Hoody-Signature',
  'X-Request-Id',
  'Retry-After',
  'Server-Timing',
  'Location',
  'ETag',
].join(', ');
const PREFLIGHT_SECONDS = '86400';

/** Sets the headers that every answer carries. */
export function setCorsHeaders(headers: Headers): void {
  headers.set('access-control-allow-origin', '*');
  headers.set('access-control-expose-headers', EXPOSED_HEADERS);
}

/** The answer to any OPTIONS request: 204, nothing behind the router is asked. */
export function preflightResponse(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      allow: ALLOWED_METHODS,
      'access-control-allow-methods': ALLOWED_METHODS,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': PREFLIGHT_SECONDS,
    },
  });
}
