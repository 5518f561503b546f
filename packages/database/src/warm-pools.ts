import { and, asc, eq } from 'drizzle-orm';
import type { Database } from './client.ts';
import { servers, warmPools } from './schema.ts';

/** A kind of machine that a server holds ready, and how many of it. */
export interface WarmPoolTemplate {
  readonly image: string;
  readonly ramdisk: boolean;
  readonly size: number;
}

export const WARM_POOL_SIZE_MAX = 500;

/** What one server shall hold ready. */
export async function warmPoolOf(database: Database, serverId: string): Promise<WarmPoolTemplate[]> {
  const { image, ramdisk, size } = warmPools;
  return database.select({ image, ramdisk, size }).from(warmPools).where(eq(warmPools.serverId, serverId));
}

/** What every server shall hold ready. Not scoped: machines in a pool are nobody's yet. */
export async function listWarmPools(
  database: Database,
): Promise<(WarmPoolTemplate & { readonly serverId: string; readonly serverName: string })[]> {
  const { image, ramdisk, size, serverId } = warmPools;
  return database
    .select({ serverId, serverName: servers.name, image, ramdisk, size })
    .from(warmPools)
    .innerJoin(servers, eq(servers.id, warmPools.serverId))
    .orderBy(asc(servers.name), asc(image), asc(ramdisk));
}

/**
 * Sets how many machines of a kind a server holds ready; 0 ends the template. `now` in Unix ms.
 *
 * @returns false when there is no server of that name
 */
export async function setWarmPool(
  database: Database,
  serverName: string,
  { image, ramdisk, size }: WarmPoolTemplate,
  now: number,
): Promise<boolean> {
  if (!Number.isInteger(size) || size < 0 || size > WARM_POOL_SIZE_MAX) {
    throw new RangeError(`a warm pool holds 0 to ${WARM_POOL_SIZE_MAX} machines`);
  }
  const [server] = await database
    .select({ id: servers.id })
    .from(servers)
    .where(eq(servers.name, serverName));
  if (server === undefined) return false;
  const template = and(
    eq(warmPools.serverId, server.id),
    eq(warmPools.image, image),
    eq(warmPools.ramdisk, ramdisk),
  );
  if (size === 0) {
    await database.delete(warmPools).where(template);
    return true;
  }
  await database
    .insert(warmPools)
    .values({ serverId: server.id, image, ramdisk, size, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: [warmPools.serverId, warmPools.image, warmPools.ramdisk],
      set: { size, updatedAt: now },
    });
  return true;
}
