import {
  type AnyColumn,
  and,
  asc,
  count,
  desc,
  eq,
  exists,
  gte,
  isNotNull,
  like,
  lte,
  or,
  sql,
  type SQL,
} from 'drizzle-orm';
import type { Database } from './client.ts';
import { images, serverImages, servers } from './schema.ts';

export type ImageRow = Readonly<typeof images.$inferSelect>;

/** Filters of the public image list; an absent one does not filter. */
export interface ImageListOptions {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly priceCentsMin?: number | undefined;
  readonly priceCentsMax?: number | undefined;
  /** Nothing has been rated yet: every image counts as 0. */
  readonly ratingMin?: number | undefined;
  readonly ratingMax?: number | undefined;
  /** Found anywhere in alias, name, operating system or description; letter case does not matter. */
  readonly search?: string | undefined;
  /** 1-based. */
  readonly page: number;
  readonly limit: number;
  readonly sortBy: 'alias' | 'added_date' | 'price' | 'rating';
  readonly sortOrder: 'asc' | 'desc';
}

/** Every image has this rating until images can be rated. */
export const UNRATED = 0;

const SORT_COLUMNS = {
  alias: images.alias,
  added_date: images.createdAt,
  price: images.priceCents,
  rating: sql`${UNRATED}`,
} as const;

/** The images that at least one enrolled server holds, one page of them, and how many there are in all. */
export async function listImages(
  database: Database,
  options: ImageListOptions,
): Promise<{ rows: ImageRow[]; total: number }> {
  const where = and(
    isOffered(database),
    options.os === undefined ? undefined : eq(sql`lower(${images.os})`, options.os.toLowerCase()),
    options.architecture === undefined ? undefined : eq(images.architecture, options.architecture),
    options.priceCentsMin === undefined ? undefined : gte(images.priceCents, options.priceCentsMin),
    options.priceCentsMax === undefined ? undefined : lte(images.priceCents, options.priceCentsMax),
    options.ratingMin === undefined ? undefined : sql`${UNRATED} >= ${options.ratingMin}`,
    options.ratingMax === undefined ? undefined : sql`${UNRATED} <= ${options.ratingMax}`,
    options.search === undefined ? undefined : matches(options.search),
  );
  const order = options.sortOrder === 'asc' ? asc : desc;
  const [rows, totals] = await database.batch([
    database
      .select()
      .from(images)
      .where(where)
      .orderBy(order(SORT_COLUMNS[options.sortBy]), asc(images.alias), asc(images.id))
      .limit(options.limit)
      .offset((options.page - 1) * options.limit),
    database.select({ total: count() }).from(images).where(where),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

/** One image that at least one enrolled server holds, or null. */
export async function findImage(database: Database, imageId: string): Promise<ImageRow | null> {
  const [row] = await database
    .select()
    .from(images)
    .where(and(eq(images.id, imageId), isOffered(database)));
  return row ?? null;
}

/**
 * The image called `name` (`os/release`) on one server, or null when the server lacks it. Null for `name`
 * asks for the server's default image.
 */
export async function findServerImage(
  database: Database,
  serverId: string,
  name: string | null,
): Promise<ImageRow | null> {
  const [row] = await database
    .select({ image: images })
    .from(serverImages)
    .innerJoin(images, eq(images.id, serverImages.imageId))
    .where(
      and(
        eq(serverImages.serverId, serverId),
        name === null ? eq(serverImages.isDefault, true) : eq(images.name, name),
      ),
    )
    .orderBy(asc(images.name), asc(images.id))
    .limit(1);
  return row?.image ?? null;
}

function isOffered(database: Database): SQL {
  return exists(
    database
      .select({ one: sql`1` })
      .from(serverImages)
      .innerJoin(servers, eq(servers.id, serverImages.serverId))
      .where(and(eq(serverImages.imageId, images.id), isNotNull(servers.publicKey))),
  );
}

function matches(search: string): SQL | undefined {
  const pattern = `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const contains = (column: AnyColumn) => sql`${like(column, pattern)} escape '\\'`;
  return or(contains(images.alias), contains(images.name), contains(images.os), contains(images.description));
}
