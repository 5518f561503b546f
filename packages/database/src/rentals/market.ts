import { and, asc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { marketListings, servers } from '../schema.ts';

/** More servers than a market shows at once. */
const LISTINGS_MAX = 1000;

/** How many rentals of a server hold a place, those past their end included. */
const slotsTaken = sql<number>`(select count(*) from rentals r where r.server_id = ${marketListings.serverId} and r.status <> 'ended')`;

function selectListings(database: Database) {
  return database
    .select({
      listing: marketListings,
      slotsTaken,
      server: {
        id: servers.id,
        name: servers.name,
        country: servers.country,
        region: servers.region,
        city: servers.city,
        datacenter: servers.datacenter,
        category: servers.category,
        factsJson: servers.factsJson,
        isReady: servers.isReady,
      },
    })
    .from(marketListings)
    .innerJoin(servers, eq(servers.id, marketListings.serverId));
}

/** A server of the market, and how much of it is taken. */
export type MarketRow = Readonly<Awaited<ReturnType<typeof selectListings>>[number]>;

/** The servers that can be rented now: listed, enrolled and with a place left; featured ones first. */
export function listMarket(database: Database): Promise<MarketRow[]> {
  return selectListings(database)
    .where(
      and(
        eq(marketListings.isListed, true),
        eq(servers.isReady, true),
        isNotNull(servers.publicKey),
        sql`${slotsTaken} < ${marketListings.slots}`,
      ),
    )
    .orderBy(
      sql`${marketListings.isFeatured} desc`,
      sql`${marketListings.popularityRank} is null`,
      asc(marketListings.popularityRank),
      asc(servers.name),
    )
    .limit(LISTINGS_MAX);
}

/** One server of the market, listed or not; null when it never was for rent. */
export async function findListing(database: Database, serverId: string): Promise<MarketRow | null> {
  const [row] = await selectListings(database).where(eq(marketListings.serverId, serverId));
  return row ?? null;
}

export type MarketListing = typeof marketListings.$inferInsert;

/** Puts a server on the market, or changes what is asked for it. Rentals that run keep their terms. */
export async function putListing(database: Database, listing: MarketListing): Promise<void> {
  const { serverId: _serverId, createdAt: _createdAt, ...changes } = listing;
  await database
    .insert(marketListings)
    .values(listing)
    .onConflictDoUpdate({ target: marketListings.serverId, set: changes });
}

/** Takes a server off the market; false when it was not on it. */
export async function withdrawListing(database: Database, serverId: string, now: number): Promise<boolean> {
  const rows = await database
    .update(marketListings)
    .set({ isListed: false, updatedAt: now })
    .where(eq(marketListings.serverId, serverId))
    .returning({ id: marketListings.serverId });
  return rows.length === 1;
}
