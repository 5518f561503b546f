import { and, eq } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { marketListings, serverGrants, servers, users } from '../schema.ts';

/** On what terms a user may use a server. Times in Unix milliseconds. */
export type ServerUse =
  | { readonly kind: 'open' }
  | { readonly kind: 'expired'; readonly since: number }
  | { readonly kind: 'suspended'; readonly since: number }
  /** A server of the market that the user neither rents nor was given. */
  | { readonly kind: 'not_rented' };

/**
 * Whether containers of `userId` may be made and started on a server. A server that was never on the market
 * is open to whoever's containers others may put there; administrators may use all.
 */
export async function readServerUse(
  database: Database,
  userId: string,
  serverId: string,
  now: number,
): Promise<ServerUse> {
  const [row] = await database
    .select({
      grant: serverGrants,
      listedId: marketListings.serverId,
      isAdmin: users.isAdmin,
    })
    .from(servers)
    .leftJoin(marketListings, eq(marketListings.serverId, servers.id))
    .leftJoin(serverGrants, and(eq(serverGrants.serverId, servers.id), eq(serverGrants.userId, userId)))
    .leftJoin(users, eq(users.id, userId))
    .where(eq(servers.id, serverId));
  if (row === undefined) return { kind: 'not_rented' };
  const { grant } = row;
  if (grant === null) {
    return row.listedId === null || row.isAdmin === true ? { kind: 'open' } : { kind: 'not_rented' };
  }
  if (grant.expiresAt !== null && grant.expiresAt <= now) return { kind: 'expired', since: grant.expiresAt };
  if (grant.suspendedAt !== null) return { kind: 'suspended', since: grant.suspendedAt };
  return { kind: 'open' };
}
