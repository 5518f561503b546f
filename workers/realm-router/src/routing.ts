/** Which worker a path belongs to; `none`: nothing outside may reach it. */
export type Target = 'router' | 'api' | 'billing' | 'none';

const BILLING_PREFIXES = ['wallet', 'rentals', 'offers', 'reservations', 'webhooks'].map(
  (resource) => `/api/v1/${resource}`,
);

/** Of the api's servers and images: what is about money. Exact, for the api has its own beside them. */
const BILLING_PATTERNS = [
  /^\/api\/v1\/servers\/?$/,
  /^\/api\/v1\/servers\/[^/]+\/?$/,
  /^\/api\/v1\/servers\/[^/]+\/(?:rent|runtime)\/?$/,
  /^\/api\/v1\/images\/purchase\/[^/]+\/?$/,
];

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/**
 * Decides by path alone. Percent-encoded or doubled slashes are not resolved here: a path that does not
 * match literally goes to the api, which knows no such route.
 */
export function targetOf(path: string): Target {
  if (path === '/healthz') return 'router';
  if (isWithin(path.toLowerCase(), '/internal')) return 'none';
  const isBilling =
    BILLING_PREFIXES.some((prefix) => isWithin(path, prefix)) ||
    BILLING_PATTERNS.some((pattern) => pattern.test(path));
  return isBilling ? 'billing' : 'api';
}
