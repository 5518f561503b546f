/** Headers that prove who the caller is, or that only this system's own parts send to one another. */
const HIDDEN = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-realm-id',
  'x-client-address',
  'x-request-id',
  'x-impersonate-user',
  'x-hoody-token',
  'x-hoody-container-claim',
]);
const HIDDEN_PREFIXES = ['mf-', 'cf-ew-', 'cf-worker', 'x-internal-', 'x-host-'];

/** The headers of a request that its sender may see again. */
export function echoedHeaders(headers: Headers): Record<string, string> {
  const shown = [...headers].filter(
    ([name]) => !HIDDEN.has(name) && !HIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)),
  );
  return Object.fromEntries(shown);
}
