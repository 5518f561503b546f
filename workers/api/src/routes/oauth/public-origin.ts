import type { Env } from '../../env.ts';

/**
 * Where browsers reach this API without a realm, for example `https://api.example.com`. Built from the
 * configuration, never from the Host header, which anybody can forge; only a stack on this machine, whose
 * port is any free one, takes the port from the request.
 */
export function publicOrigin(env: Pick<Env, 'API_DOMAIN'>, request: Request): string {
  const { API_DOMAIN: domain } = env;
  if (domain !== 'localhost' && !domain.endsWith('.localhost')) return `https://${domain}`;
  const { port } = new URL(request.url);
  return `http://${domain}${port === '' ? '' : `:${port}`}`;
}
