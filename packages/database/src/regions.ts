import { asc, isNotNull, sql } from 'drizzle-orm';
import type { Database } from './client.ts';
import { servers } from './schema.ts';

/** A place with servers; `available` when one of them is ready. */
export interface Region {
  readonly region: string;
  readonly country: string;
  readonly city: string;
  readonly available: boolean;
}

/** Every place that has a server, in alphabetical order. Public: no scope. */
export async function listRegions(database: Database): Promise<Region[]> {
  const rows = await database
    .select({
      region: servers.region,
      country: servers.country,
      city: servers.city,
      ready: sql<number>`max(is_ready)`,
    })
    .from(servers)
    .where(isNotNull(servers.region))
    .groupBy(servers.region, servers.country, servers.city)
    .orderBy(asc(servers.region), asc(servers.country), asc(servers.city));
  return rows.map(({ region, country, city, ready }) => ({
    region: region ?? '',
    country: country ?? '',
    city: city ?? '',
    available: ready === 1,
  }));
}
