import { holdAiCredit, releaseAiCredit, spendAiCredit, type TransactionHead } from '@control-plane/ledger';
import { and, asc, eq, lte, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { aiReservations } from '../schema.ts';
import { ledgerRefusal } from './ledger-refusal.ts';
import { ledgerStatement } from './ledger-statement.ts';

export type AiReservationRow = typeof aiReservations.$inferSelect;

export interface NewAiReservation {
  /** 24 hex digits, the caller's: a repeated one finds the reservation instead of making another. */
  readonly id: string;
  readonly userId: string;
  readonly service: string;
  /** The most that the call may cost. */
  readonly holdMicros: number;
  readonly expiresAt: number;
  readonly now: number;
  /** Id of the transaction, 24 hex digits. */
  readonly transactionId: string;
}

export interface AiSpendLimits {
  /** Calls of one user under way at once. */
  readonly openMax: number;
  /** What a user may spend and have set aside within 24 hours. */
  readonly dailyMicrosMax: number;
}

export type AiReservationOutcome =
  | { readonly kind: 'reserved' | 'exists'; readonly reservation: AiReservationRow }
  | { readonly kind: 'too_many_open' | 'daily_limit' | 'insufficient' };

const DAY_MS = 24 * 60 * 60 * 1000;

/** Sets credit aside, within the limits; the reservation and its posting in one transaction. */
export async function reserveAiCredit(
  database: Database,
  reservation: NewAiReservation,
  limits: AiSpendLimits,
): Promise<AiReservationOutcome> {
  const { id, userId, service, holdMicros, expiresAt, now, transactionId } = reservation;
  // None is open for longer than a day: neither limit has to look at all that a user ever reserved.
  const recent = sql`from ${aiReservations} where user_id = ${userId} and created_at > ${now - DAY_MS}`;
  const open = sql`(select count(*) ${recent} and state = 'open')`;
  const spent = sql`(select coalesce(sum(case state when 'open' then held_micros else coalesce(spent_micros, 0) end), 0)
    ${recent})`;
  const head = { id: transactionId, userId, description: `Set aside for ${service}`, now, ...reference(id) };
  try {
    const [inserted] = await database.batch([
      database.run(sql`
        insert into ${aiReservations} (id, user_id, service, held_micros, state, expires_at, created_at, updated_at)
        select ${id}, ${userId}, ${service}, ${holdMicros}, 'open', ${expiresAt}, ${now}, ${now}
        where ${open} < ${limits.openMax} and ${spent} + ${holdMicros} <= ${limits.dailyMicrosMax}
        on conflict (id) do nothing`),
      ledgerStatement(database, holdAiCredit(head, holdMicros), sql`changes() > 0`),
    ]);
    const row = await findAiReservation(database, id);
    if (row !== null) return { kind: inserted.rowsAffected > 0 ? 'reserved' : 'exists', reservation: row };
  } catch (error) {
    if (ledgerRefusal(error) === 'INSUFFICIENT_AI_BALANCE') return { kind: 'insufficient' };
    throw error;
  }
  const [counted] = await database.all<{ open: number }>(sql`select ${open} as open`);
  return { kind: (counted?.open ?? 0) >= limits.openMax ? 'too_many_open' : 'daily_limit' };
}

/** A reservation by its id; null when there is none. */
export async function findAiReservation(database: Database, id: string): Promise<AiReservationRow | null> {
  const [row] = await database.select().from(aiReservations).where(eq(aiReservations.id, id));
  return row ?? null;
}

/**
 * Ends an open reservation: what was spent is gone, the rest is free again. Spending nothing releases it.
 *
 * @param spentMicros at most what was set aside
 * @returns whether it was still open; otherwise nothing has changed
 */
export async function closeAiReservation(
  database: Database,
  reservation: AiReservationRow,
  spentMicros: number,
  { transactionId, now }: { readonly transactionId: string; readonly now: number },
): Promise<boolean> {
  const { id, userId, service, heldMicros } = reservation;
  const head = { id: transactionId, userId, now, ...reference(id) };
  return spentMicros === 0
    ? close(
        database,
        id,
        { state: 'released', spentMicros, now },
        releaseAiCredit({ ...head, description: `Not spent by ${service}` }, heldMicros),
      )
    : close(
        database,
        id,
        { state: 'settled', spentMicros, now },
        spendAiCredit({ ...head, description: `Spent by ${service}` }, heldMicros, spentMicros),
      );
}

/** What is long overdue in one go of {@link expireAiReservations}. */
const EXPIRED_AT_ONCE_MAX = 200;

/**
 * Releases reservations whose callers never came back.
 *
 * @param newId makes the transactions' ids
 * @returns how many
 */
export async function expireAiReservations(
  database: Database,
  now: number,
  newId: () => string,
): Promise<number> {
  const due = await database
    .select()
    .from(aiReservations)
    .where(and(eq(aiReservations.state, 'open'), lte(aiReservations.expiresAt, now)))
    .orderBy(asc(aiReservations.expiresAt))
    .limit(EXPIRED_AT_ONCE_MAX);
  let expired = 0;
  for (const { id, userId, service, heldMicros } of due) {
    const head = { id: newId(), userId, now, description: `Never settled by ${service}`, ...reference(id) };
    const change = { state: 'expired', spentMicros: 0, now } as const;
    if (await close(database, id, change, releaseAiCredit(head, heldMicros))) expired += 1;
  }
  return expired;
}

function reference(id: string): Pick<TransactionHead, 'reference'> {
  return { reference: { type: 'ai_reservation', id } };
}

async function close(
  database: Database,
  id: string,
  { state, spentMicros, now }: { state: AiReservationRow['state']; spentMicros: number; now: number },
  transaction: Parameters<typeof ledgerStatement>[1],
): Promise<boolean> {
  const isOpen: SQL | undefined = and(eq(aiReservations.id, id), eq(aiReservations.state, 'open'));
  const [closed] = await database.batch([
    database.update(aiReservations).set({ state, spentMicros, updatedAt: now }).where(isOpen),
    ledgerStatement(database, transaction, sql`changes() > 0`),
  ]);
  return closed.rowsAffected > 0;
}
