import type { LedgerTransaction } from '@control-plane/ledger';
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import type { Database } from '../client.ts';
import { eventStatement, type NewEvent } from '../events.ts';
import { ledgerRefusal } from '../ledger/ledger-refusal.ts';
import { ledgerStatement } from '../ledger/ledger-statement.ts';
import { ledgerAccounts, meteringIntervals, rentals, serverGrants } from '../schema.ts';
import type { RentalRow } from './rentals.ts';

const MICROS_OF_CENT = 10_000;

/**
 * What is due and something can be done about: it can be paid now, or its user was not told yet. What an ended
 * rental owes stays owed.
 */
const isPayable = sql`(${rentals.dueCents} > 0 and ((${rentals.suspendedAt} is null and ${rentals.status} <> 'ended')
  or exists (select 1 from ${ledgerAccounts} where kind = 'user_general' and user_id = ${rentals.userId}
    and balance_micros >= ${rentals.dueCents} * ${MICROS_OF_CENT})))`;

/**
 * Rentals by usage whose usage is not posted up to `until` (or their end), or whose debt may be paid now. What is
 * to be posted comes first, and those that can't pay not at all: they would else take the turn of all others.
 */
export function listMeteredRentals(database: Database, until: number, limit: number): Promise<RentalRow[]> {
  return database
    .select()
    .from(rentals)
    .where(
      and(
        isNotNull(rentals.meteringJson),
        sql`(${rentals.meteredUntil} < min(${rentals.endsAt}, ${until}) or ${isPayable})`,
      ),
    )
    .orderBy(sql`${rentals.meteredUntil} >= min(${rentals.endsAt}, ${until})`, rentals.meteredUntil)
    .limit(limit);
}

/** One container's history in a span: its statuses, oldest first, with the one that it began the span in. */
export interface MeteredHistory {
  readonly containerId: string;
  readonly projectId: string;
  readonly changes: readonly { readonly atMs: number; readonly status: string }[];
}

/** The histories of the containers that a user had on a server in a span. Times in Unix milliseconds. */
export async function readHistories(
  database: Database,
  owner: { readonly serverId: string; readonly userId: string },
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<MeteredHistory[]> {
  const rows = await database.all<{ id: string; project_id: string; at: number; status: string }>(sql`
    select c.id, c.project_id, l.transition_time as at, l.to_status as status
    from containers c join status_logs l on l.container_id = c.id
    where c.server_id = ${owner.serverId} and c.user_id = ${owner.userId}
      and (c.deleted_at is null or c.deleted_at > ${span.fromMs})
      and l.transition_time < ${span.toMs}
      and l.sequence >= coalesce((
        select max(b.sequence) from status_logs b
        where b.container_id = c.id and b.transition_time <= ${span.fromMs}), 0)
    order by c.id, l.sequence`);
  const histories = new Map<string, { projectId: string; changes: { atMs: number; status: string }[] }>();
  for (const { id, project_id: projectId, at, status } of rows) {
    const history = histories.get(id) ?? { projectId, changes: [] };
    history.changes.push({ atMs: at, status });
    histories.set(id, history);
  }
  return [...histories].map(([containerId, history]) => ({ containerId, ...history }));
}

export type NewInterval = typeof meteringIntervals.$inferInsert;

/**
 * Posts a span of a rental: its intervals, and what is owed for them. Only the run that finds the rental
 * metered up to the span's beginning does; any other changes nothing.
 *
 * @returns false when another run was there before
 */
export async function postSpan(
  database: Database,
  rental: Pick<RentalRow, 'id' | 'meteredUntil' | 'carriedUnits'>,
  posted: {
    readonly untilMs: number;
    readonly intervals: readonly NewInterval[];
    readonly carriedUnits: number;
    readonly addedCents: number;
  },
): Promise<boolean> {
  const isOurs = sql`exists (select 1 from ${rentals} where id = ${rental.id}
    and metered_until = ${rental.meteredUntil} and carried_units = ${rental.carriedUnits})`;
  const intervals: BatchItem<'sqlite'>[] = posted.intervals.map((interval) =>
    database.run(sql`
      insert into ${meteringIntervals} (container_id, starts_at, ends_at, rental_id, project_id, compute_ms, memory_ms,
        storage_ms, cost_units, created_at)
      select ${interval.containerId}, ${interval.startsAt}, ${interval.endsAt}, ${interval.rentalId},
        ${interval.projectId}, ${interval.computeMs}, ${interval.memoryMs}, ${interval.storageMs},
        ${interval.costUnits}, ${interval.createdAt}
      where ${isOurs}`),
  );
  const advance = database
    .update(rentals)
    .set({
      meteredUntil: posted.untilMs,
      carriedUnits: posted.carriedUnits,
      dueCents: sql`${rentals.dueCents} + ${posted.addedCents}`,
    })
    .where(
      and(
        eq(rentals.id, rental.id),
        eq(rentals.meteredUntil, rental.meteredUntil),
        eq(rentals.carriedUnits, rental.carriedUnits),
      ),
    )
    .returning({ id: rentals.id });
  const [first, ...rest] = [...intervals, advance];
  if (first === undefined) return false;
  const results = await database.batch([first, ...rest]);
  const advanced: unknown = results.at(-1);
  return Array.isArray(advanced) && advanced.length === 1;
}

/** `moved`: what is due is another sum by now; nothing was charged. */
export type DueOutcome = 'paid' | 'moved' | 'insufficient_balance';

/** Charges what a rental owes, and lifts its suspension: both or nothing. */
export async function payDue(
  database: Database,
  rental: Pick<RentalRow, 'id' | 'dueCents' | 'meteredUntil'>,
  payment: LedgerTransaction,
  resumed: NewEvent,
): Promise<DueOutcome> {
  const isPaid = sql`exists (select 1 from ledger_transactions where id = ${payment.id})`;
  try {
    const [settled] = await database.batch([
      database
        .update(rentals)
        .set({ dueCents: 0 })
        .where(
          and(
            eq(rentals.id, rental.id),
            eq(rentals.dueCents, rental.dueCents),
            eq(rentals.meteredUntil, rental.meteredUntil),
          ),
        )
        .returning({ id: rentals.id }),
      ledgerStatement(database, payment, sql`changes() > 0`),
      database
        .update(rentals)
        .set({ suspendedAt: null })
        .where(and(eq(rentals.id, rental.id), isNotNull(rentals.suspendedAt), isPaid)),
      eventStatement(database, resumed, sql`changes() > 0`),
      database
        .update(serverGrants)
        .set({ suspendedAt: null })
        .where(and(eq(serverGrants.rentalId, rental.id), isPaid)),
    ]);
    return settled.length === 1 ? 'paid' : 'moved';
  } catch (error) {
    const refusal = ledgerRefusal(error);
    if (refusal === 'INSUFFICIENT_BALANCE') return 'insufficient_balance';
    if (refusal === 'DUPLICATE_TRANSACTION') return 'moved';
    throw error;
  }
}

/** Notes that a rental's usage could not be paid, with the event that tells it; once until it is paid. */
export async function suspendRental(database: Database, rentalId: string, event: NewEvent): Promise<void> {
  const { now } = event;
  await database.batch([
    database
      .update(rentals)
      .set({ suspendedAt: now })
      .where(and(eq(rentals.id, rentalId), isNull(rentals.suspendedAt))),
    eventStatement(database, event, sql`changes() > 0`),
    database
      .update(serverGrants)
      .set({ suspendedAt: now })
      .where(and(eq(serverGrants.rentalId, rentalId), isNull(serverGrants.suspendedAt))),
  ]);
}
