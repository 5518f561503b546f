/** Which worker a path belongs to; `none`: nothing outside may reach it. */
export type Target = 'router' | 'api' | 'billing' | 'none';

const BILLING_PREFIXES = ['wallet', 'rentals', 'offers', 'reservations', 'webhooks'].map(
  (resource) => `/api/v1/${resource}`,
);

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
  return BILLING_PREFIXES.some((prefix) => isWithin(path, prefix)) ? 'billing' : 'api';
}
