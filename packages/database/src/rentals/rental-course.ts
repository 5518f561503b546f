import { and, asc, eq, isNull, lte, or, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { eventStatement, type NewEvent } from '../events.ts';
import { containers, rentals, serverGrants } from '../schema.ts';
import type { RentalRow } from './rentals.ts';

/** Active rentals that end before `endsBefore`, those that have ended included; the earliest first. */
export function listRentalsDue(database: Database, endsBefore: number, limit: number): Promise<RentalRow[]> {
  return database
    .select()
    .from(rentals)
    .where(and(eq(rentals.status, 'active'), lte(rentals.endsAt, endsBefore)))
    .orderBy(asc(rentals.endsAt))
    .limit(limit);
}

const DAY_MS = 24 * 3_600_000;

/**
 * Expired rentals whose hold is over at `now`, the longest expired first. Those that are in it need nothing,
 * and must not take the turn of those that do.
 *
 * @param holdMsMin what every rental is held for, in milliseconds
 */
export function listRentalsHeldOut(
  database: Database,
  now: number,
  holdMsMin: number,
  limit: number,
): Promise<RentalRow[]> {
  return database
    .select()
    .from(rentals)
    .where(
      and(
        eq(rentals.status, 'expired'),
        sql`${rentals.endsAt} + max(${rentals.holdDays} * ${DAY_MS}, ${holdMsMin}) <= ${now}`,
      ),
    )
    .orderBy(asc(rentals.endsAt))
    .limit(limit);
}

/** Notes that the owner was told of the end, with the event that tells it; once for each warning and end. */
export async function markWarned(
  database: Database,
  rental: RentalRow,
  warningMs: number,
  event: NewEvent,
): Promise<void> {
  await database.batch([
    database
      .update(rentals)
      .set({ warnedMs: warningMs })
      .where(
        and(
          eq(rentals.id, rental.id),
          eq(rentals.endsAt, rental.endsAt),
          or(isNull(rentals.warnedMs), sql`${rentals.warnedMs} > ${warningMs}`),
        ),
      ),
    eventStatement(database, event, sql`changes() > 0`),
  ]);
}

/** The containers that a rental pays for: its user's on its server, unless they may use it anyway. */
function coveredContainers(rental: RentalRow) {
  return and(
    eq(containers.serverId, rental.serverId),
    eq(containers.userId, rental.userId),
    isNull(containers.deletedAt),
    sql`not exists (select 1 from ${serverGrants} where server_id = ${rental.serverId} and user_id = ${rental.userId} and rental_id is null)`,
  );
}

/** Marks a rental whose time is over, and its containers as read-only, with the event that tells it. */
export async function markExpired(database: Database, rental: RentalRow, event: NewEvent): Promise<void> {
  const { id, endsAt } = rental;
  const isExpired = sql`exists (select 1 from ${rentals} where id = ${id} and status = 'expired' and ends_at = ${endsAt})`;
  await database.batch([
    database
      .update(rentals)
      .set({ status: 'expired', updatedAt: event.now })
      .where(and(eq(rentals.id, id), eq(rentals.status, 'active'), eq(rentals.endsAt, endsAt))),
    eventStatement(database, event, sql`changes() > 0`),
    database
      .update(containers)
      .set({ serverExpiredAt: endsAt })
      .where(and(coveredContainers(rental), isNull(containers.serverExpiredAt), isExpired)),
  ]);
}

/**
 * Lets a rental's place go, once nothing of its user runs there any more. What they left on the server stays
 * theirs: read-only, until they rent it again.
 *
 * @returns false when something still runs, or the rental was extended meanwhile
 */
export async function releaseRental(
  database: Database,
  rental: RentalRow,
  event: NewEvent,
): Promise<boolean> {
  const { id, endsAt } = rental;
  const hasEnded = sql`exists (select 1 from ${rentals} where id = ${id} and status = 'ended')`;
  const [released] = await database.batch([
    database
      .update(rentals)
      .set({ status: 'ended', updatedAt: event.now })
      .where(
        and(
          eq(rentals.id, id),
          eq(rentals.status, 'expired'),
          eq(rentals.endsAt, endsAt),
          sql`not exists (select 1 from ${containers} where ${and(coveredContainers(rental), sql`status in ('running', 'paused')`)})`,
        ),
      )
      .returning({ id: rentals.id }),
    eventStatement(database, event, sql`changes() > 0`),
    database
      .update(containers)
      .set({ serverExpiredAt: endsAt })
      .where(and(coveredContainers(rental), isNull(containers.serverExpiredAt), hasEnded)),
    database.delete(serverGrants).where(and(eq(serverGrants.rentalId, id), hasEnded)),
  ]);
  return released.length === 1;
}

/** A rental's containers that run now, with what they may use of the server (cores, GiB; null: no limit). */
export function listRunningContainers(
  database: Database,
  owner: Pick<RentalRow, 'serverId' | 'userId'>,
  limit: number,
): Promise<{ id: string; cpu: number | null; memory: number | null }[]> {
  return database
    .select({
      id: containers.id,
      cpu: sql<number | null>`${containers.recordJson} ->> 'cpu'`,
      memory: sql<number | null>`${containers.recordJson} ->> 'memory'`,
    })
    .from(containers)
    .where(
      and(
        eq(containers.serverId, owner.serverId),
        eq(containers.userId, owner.userId),
        isNull(containers.deletedAt),
        eq(containers.status, 'running'),
      ),
    )
    .limit(limit);
}

export interface RunningContainer {
  readonly id: string;
  readonly status: string;
  /** Since when it should not run any more. */
  readonly since: number;
}

/**
 * Containers that run although they must not: their rental ended before `expiredBefore`, or its usage has
 * not been paid since before `unpaidBefore`. With more of them than `limit`, another choice each time: those
 * that can't be stopped keep nobody from being so.
 */
export async function listOverstayers(
  database: Database,
  bounds: { readonly expiredBefore: number; readonly unpaidBefore: number },
  limit: number,
): Promise<RunningContainer[]> {
  const rows = await database
    .select({
      id: containers.id,
      status: containers.status,
      since: sql<number>`coalesce(${containers.serverExpiredAt}, ${serverGrants.suspendedAt})`,
    })
    .from(containers)
    .leftJoin(
      serverGrants,
      and(eq(serverGrants.serverId, containers.serverId), eq(serverGrants.userId, containers.userId)),
    )
    .where(
      and(
        isNull(containers.deletedAt),
        sql`${containers.status} in ('running', 'paused')`,
        or(
          lte(containers.serverExpiredAt, bounds.expiredBefore),
          lte(serverGrants.suspendedAt, bounds.unpaidBefore),
        ),
      ),
    )
    .orderBy(sql`random()`)
    .limit(limit);
  return rows;
}
