const ACCEPTED = /^[A-Za-z0-9_-]{8,64}$/;

/** The client's own `X-Request-Id` when it is harmless to log and to repeat, else a new one (32 hex digits). */
export function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id');
  if (given !== null && ACCEPTED.test(given)) return given;
  return crypto.randomUUID().replaceAll('-', '');
}
