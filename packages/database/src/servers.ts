import { and, eq, exists, or, sql } from 'drizzle-orm';
import type { HostImage, Hello } from '@control-plane/contract/link';
import type { Database } from './client.ts';
import { images, serverGrants, serverImages, servers, users } from './schema.ts';
import type { Scope } from './scope.ts';

export type ServerRow = Readonly<typeof servers.$inferSelect>;

/** One server by id, or null. Not scoped: for the host link and for placing what was already permitted. */
export async function findServer(database: Database, serverId: string): Promise<ServerRow | null> {
  const [row] = await database.select().from(servers).where(eq(servers.id, serverId));
  return row ?? null;
}

/** The server, when the caller may create containers on it (granted, or an administrator); else null. */
export async function findServerToCreateOn(
  database: Database,
  scope: Scope,
  serverId: string,
): Promise<ServerRow | null> {
  const granted = exists(
    database
      .select({ one: sql`1` })
      .from(serverGrants)
      .where(and(eq(serverGrants.serverId, servers.id), eq(serverGrants.userId, scope.userId))),
  );
  const administrator = exists(
    database
      .select({ one: sql`1` })
      .from(users)
      .where(and(eq(users.id, scope.userId), eq(users.isAdmin, true))),
  );
  const [row] = await database
    .select()
    .from(servers)
    .where(and(eq(servers.id, serverId), or(granted, administrator)));
  return row ?? null;
}

/** Whether the caller may create containers on a server; false as well when there is no such server. */
export async function canCreateOn(database: Database, scope: Scope, serverId: string): Promise<boolean> {
  return (await findServerToCreateOn(database, scope, serverId)) !== null;
}

/** Marks a server as ready for work or not; `now` (Unix ms) is when it was last heard of. */
export async function setServerReady(
  database: Database,
  serverId: string,
  ready: boolean,
  now: number,
): Promise<void> {
  await database
    .update(servers)
    .set({ isReady: ready, updatedAt: now, ...(ready ? { lastSeenAt: now } : {}) })
    .where(eq(servers.id, serverId));
}

/** The id of an image: the same for one name and architecture on every server. */
export async function imageIdOf(name: string, architecture: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${name}|${architecture}`));
  return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Takes over what a host says of itself when it connects: facts, drivers, capabilities and the images that
 * it holds (those it no longer names are no longer offered by it). The server is ready afterwards.
 *
 * @returns false when there is no such server; then nothing was written
 */
export async function recordHostHello(
  database: Database,
  serverId: string,
  hello: Hello,
  now: number,
): Promise<boolean> {
  const imagesJson = JSON.stringify(await Promise.all(hello.images.map(toImageEntry)));
  const known = sql`exists (select 1 from ${servers} where id = ${serverId})`;
  const [found] = await database.batch([
    database
      .update(servers)
      .set({
        factsJson: JSON.stringify(hello.facts),
        driversJson: JSON.stringify(hello.drivers),
        capabilitiesJson: JSON.stringify(hello.capabilities),
        isReady: true,
        lastSeenAt: now,
        updatedAt: now,
      })
      .where(eq(servers.id, serverId))
      .returning({ id: servers.id }),
    upsertImages(database, imagesJson, now, known),
    database
      .delete(serverImages)
      .where(
        and(
          eq(serverImages.serverId, serverId),
          sql`${serverImages.imageId} not in (select value ->> 'id' from json_each(${imagesJson}))`,
        ),
      ),
    database.run(sql`
      insert into ${serverImages} (server_id, image_id, is_default)
      select ${serverId}, value ->> 'id', value ->> 'is_default' from json_each(${imagesJson}) where ${known}
      on conflict (server_id, image_id) do update set is_default = excluded.is_default`),
  ]);
  return found.length === 1;
}

function upsertImages(
  database: Database,
  imagesJson: string,
  now: number,
  condition: ReturnType<typeof sql>,
) {
  return database.run(sql`
    insert into ${images} (id, name, alias, description, os, release, variant, architecture, serial, size_bytes,
      price_cents, created_at, updated_at)
    select value ->> 'id', value ->> 'name', value ->> 'alias', value ->> 'description', value ->> 'os',
      value ->> 'release', value ->> 'variant', value ->> 'architecture', value ->> 'serial',
      value ->> 'size_bytes', 0, ${now}, ${now}
    from json_each(${imagesJson}) where ${condition}
    on conflict (id) do update set description = excluded.description, os = excluded.os,
      release = excluded.release, variant = excluded.variant, serial = excluded.serial,
      size_bytes = excluded.size_bytes, updated_at = excluded.updated_at
    where (images.serial, images.size_bytes, images.description, images.os, images.release, images.variant)
      is not (excluded.serial, excluded.size_bytes, excluded.description, excluded.os, excluded.release, excluded.variant)`);
}

async function toImageEntry(image: HostImage) {
  return {
    ...image,
    id: await imageIdOf(image.name, image.architecture),
    alias: image.name.replaceAll('/', '-'),
  };
}
