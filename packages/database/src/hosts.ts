import { and, eq, gt, isNotNull, isNull, or } from 'drizzle-orm';
import type { Database } from './client.ts';
import { hostJoinTokens, servers } from './schema.ts';

/**
 * Uses a join token for a host's key and stores the key at the server. The same token and key again are
 * the repetition of a lost answer. Null when the token is unknown, expired, or used with another key.
 */
export async function claimJoinToken(
  database: Database,
  { tokenHash, publicKey, now }: { tokenHash: string; publicKey: string; now: number },
): Promise<{ id: string; name: string } | null> {
  return database.transaction(async (transaction) => {
    const [found] = await transaction
      .select({ id: servers.id, name: servers.name })
      .from(hostJoinTokens)
      .innerJoin(servers, eq(servers.id, hostJoinTokens.serverId))
      .where(
        and(
          eq(hostJoinTokens.tokenHash, tokenHash),
          or(
            and(isNull(hostJoinTokens.usedAt), gt(hostJoinTokens.expiresAt, now)),
            and(isNotNull(hostJoinTokens.usedAt), eq(servers.publicKey, publicKey)),
          ),
        ),
      );
    if (found === undefined) return null;
    await transaction
      .update(hostJoinTokens)
      .set({ usedAt: now })
      .where(eq(hostJoinTokens.tokenHash, tokenHash));
    await transaction.update(servers).set({ publicKey, updatedAt: now }).where(eq(servers.id, found.id));
    return found;
  });
}

/** Servers whose host has introduced itself. */
export async function listEnrolledServerIds(database: Database, limit: number): Promise<string[]> {
  const rows = await database
    .select({ id: servers.id })
    .from(servers)
    .where(isNotNull(servers.publicKey))
    .limit(limit);
  return rows.map(({ id }) => id);
}
