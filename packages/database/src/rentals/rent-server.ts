import type { LedgerTransaction } from '@control-plane/ledger';
import { and, eq, ne, sql } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import type { Database } from '../client.ts';
import { eventStatement, type NewEvent } from '../events.ts';
import { ledgerRefusal } from '../ledger/index.ts';
import { ledgerStatement } from '../ledger/ledger-statement.ts';
import { containers, rentals, serverGrants } from '../schema.ts';
import { rentalRefusal } from './rental-refusal.ts';

export type NewRental = typeof rentals.$inferInsert;

/** `held_already`: the user rents this server. `repeated`: this very rental was made before. */
export type RentOutcome = 'rented' | 'repeated' | 'held_already' | 'taken' | 'insufficient_balance';

/**
 * Takes a place on a server, pays for it and lets the user in: all of it, or nothing. The same rental
 * again changes nothing.
 *
 * @param payment null when there is nothing to pay
 * @param alongside more that must happen with it (the order that is fulfilled by it)
 */
export async function rentServer(
  database: Database,
  rental: NewRental,
  payment: LedgerTransaction | null,
  event: NewEvent,
  alongside: readonly BatchItem<'sqlite'>[] = [],
): Promise<RentOutcome> {
  try {
    await database.batch([
      database.insert(rentals).values(rental),
      ...(payment === null ? [] : [ledgerStatement(database, payment)]),
      ...letIn(database, rental),
      eventStatement(database, event),
      ...alongside,
    ]);
    return 'rented';
  } catch (error) {
    if (ledgerRefusal(error) === 'INSUFFICIENT_BALANCE') return 'insufficient_balance';
    if (await exists(database, rental.id)) return 'repeated';
    const refusal = rentalRefusal(error);
    if (refusal === 'SERVER_TAKEN') return 'taken';
    if (refusal === 'HELD_ALREADY') return 'held_already';
    throw error;
  }
}

async function exists(database: Database, rentalId: string): Promise<boolean> {
  const rows = await database.select({ id: rentals.id }).from(rentals).where(eq(rentals.id, rentalId));
  return rows.length === 1;
}

/** The grant of a new rental, and life for what an older one of the same user left on the server. */
function letIn(database: Database, { id, serverId, userId, endsAt, createdAt }: NewRental) {
  return [
    database
      .insert(serverGrants)
      .values({ serverId, userId, rentalId: id, expiresAt: endsAt, createdAt })
      .onConflictDoUpdate({
        target: [serverGrants.serverId, serverGrants.userId],
        set: { rentalId: id, expiresAt: endsAt, suspendedAt: null },
        // Who was given the server for good keeps it so.
        setWhere: sql`${serverGrants.rentalId} is not null`,
      }),
    reviveContainers(database, serverId, userId),
  ] as const;
}

function reviveContainers(database: Database, serverId: string, userId: string) {
  return database
    .update(containers)
    .set({ serverExpiredAt: null })
    .where(
      and(
        eq(containers.serverId, serverId),
        eq(containers.userId, userId),
        sql`${containers.serverExpiredAt} is not null`,
      ),
    );
}

/** A further term as it was agreed. Times in Unix milliseconds. */
export interface Extension {
  readonly rentalId: string;
  readonly serverId: string;
  readonly userId: string;
  readonly expectedEnd: number;
  readonly newEnd: number;
  readonly cents: number;
  readonly now: number;
}

/** `stale`: the end was another one already, or the rental is over. */
export type ExtensionOutcome = 'extended' | 'stale' | 'insufficient_balance';

/**
 * Adds a paid term, if the rental still ends when the caller believed it would: all of it, or nothing. What
 * had expired may be used again at once; the time in between is not metered, and what was used before the end
 * has to be posted by then ({@link postSpan}): else nothing is extended.
 */
export async function extendRental(
  database: Database,
  extension: Extension,
  payment: LedgerTransaction | null,
  event: NewEvent,
): Promise<ExtensionOutcome> {
  const { rentalId, serverId, userId, expectedEnd, newEnd, cents, now } = extension;
  const isDone = sql`exists (select 1 from ${rentals} where id = ${rentalId} and ends_at = ${newEnd} and updated_at = ${now})`;
  try {
    const [moved] = await database.batch([
      database
        .update(rentals)
        .set({
          endsAt: newEnd,
          status: 'active',
          rentalCents: sql`${rentals.rentalCents} + ${cents}`,
          meteredUntil: sql`case when ${rentals.endsAt} < ${now} then max(${rentals.meteredUntil}, ${now}) else ${rentals.meteredUntil} end`,
          warnedMs: null,
          updatedAt: now,
        })
        .where(
          and(
            eq(rentals.id, rentalId),
            eq(rentals.endsAt, expectedEnd),
            ne(rentals.status, 'ended'),
            sql`(${rentals.meteringJson} is null or ${rentals.endsAt} >= ${now} or ${rentals.meteredUntil} >= ${rentals.endsAt})`,
          ),
        )
        .returning({ id: rentals.id }),
      ...(payment === null ? [] : [ledgerStatement(database, payment, sql`changes() > 0`)]),
      database
        .update(serverGrants)
        .set({ expiresAt: newEnd })
        .where(and(eq(serverGrants.rentalId, rentalId), isDone)),
      database
        .update(containers)
        .set({ serverExpiredAt: null })
        .where(and(eq(containers.serverId, serverId), eq(containers.userId, userId), isDone)),
      eventStatement(database, event, isDone),
    ]);
    return moved.length === 1 ? 'extended' : 'stale';
  } catch (error) {
    if (ledgerRefusal(error) === 'INSUFFICIENT_BALANCE') return 'insufficient_balance';
    throw error;
  }
}
