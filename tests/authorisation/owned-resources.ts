/** Which resource a path names and who may do what with it, for every route of the table. */
import type { RouteDefinition } from '@control-plane/contract';
import type { AccessLevel } from '@control-plane/database';

/** What the first `{id}` of a path is. `none`: the path names nothing that belongs to somebody. */
export type Resource =
  | 'project'
  | 'container'
  | 'token'
  | 'operation'
  | 'user'
  | 'transaction'
  | 'invoice'
  | 'stripe_intent'
  | 'crypto_intent'
  | 'bank_intent'
  | 'payment_method'
  | 'rental'
  | 'reservation'
  | 'none';

/** What belongs to an account as a whole and carries no realm: its owner sees it on every host. */
export const ACCOUNT_WIDE: ReadonlySet<Resource> = new Set(['transaction', 'invoice', 'payment_method']);

const PREFIXES: readonly (readonly [string, Resource])[] = [
  ['/api/v1/projects/{id}', 'project'],
  ['/api/v1/containers/{id}', 'container'],
  ['/api/v1/auth/tokens/{id}', 'token'],
  ['/api/v1/operations/{id}', 'operation'],
  // Profiles: the caller's own only.
  ['/api/v1/users/{id}', 'user'],
  ['/api/v1/wallet/transactions/{id}', 'transaction'],
  ['/api/v1/wallet/invoices/generate/{id}', 'transaction'],
  ['/api/v1/wallet/invoices/{id}', 'invoice'],
  ['/api/v1/wallet/payments/stripe/intents/{id}', 'stripe_intent'],
  ['/api/v1/wallet/payments/crypto/intents/{id}', 'crypto_intent'],
  ['/api/v1/wallet/payments/bank/intents/{id}', 'bank_intent'],
  ['/api/v1/wallet/payment-methods/{id}', 'payment_method'],
  ['/api/v1/rentals/{id}', 'rental'],
  // The market's servers are anybody's to rent; a server that is rented is its rental.
  ['/api/v1/servers/{id}/rent', 'none'],
  ['/api/v1/servers/{id}', 'rental'],
  ['/api/v1/offers/', 'none'],
  ['/api/v1/reservations/{id}', 'reservation'],
  // Images belong to everybody.
  ['/api/v1/images/', 'none'],
];

/** @throws Error for a path with an id that no line above explains */
export function resourceOf({ path, operationId }: RouteDefinition): Resource {
  const found = PREFIXES.find(
    ([prefix]) =>
      path === prefix || path.startsWith(`${prefix}/`) || (prefix.endsWith('/') && path.startsWith(prefix)),
  );
  if (found !== undefined) return found[1];
  if (!/\{\w*[iI]d\}/.test(path)) return 'none';
  throw new Error(`${operationId}: whose is the id in ${path}?`);
}

/** Levels that differ from the rule of {@link levelOf}. `owner`: no collaborator at all. */
const LEVELS: Readonly<Record<string, AccessLevel | 'owner'>> = {
  'projects.delete': 'delete',
  'containers.delete': 'delete',
  'containers.getStatusLogs': 'owner',
};

/** The level that a collaborator needs on the project: `read` to look, `edit` to change. */
export function levelOf({ operationId, method }: RouteDefinition): AccessLevel | 'owner' {
  return LEVELS[operationId] ?? (method === 'GET' ? 'read' : 'edit');
}
