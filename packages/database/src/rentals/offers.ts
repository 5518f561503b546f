import { generalTransaction, microsOfCents, type LedgerTransaction } from '@control-plane/ledger';
import { and, asc, count, desc, eq, lt, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { ledgerRefusal } from '../ledger/ledger-refusal.ts';
import { ledgerStatement } from '../ledger/ledger-statement.ts';
import { offerReservations, serverOffers } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { rentalRefusal } from './rental-refusal.ts';

export type OfferRow = Readonly<typeof serverOffers.$inferSelect>;
export type ReservationRow = Readonly<typeof offerReservations.$inferSelect>;
export type NewReservation = typeof offerReservations.$inferInsert;

const OFFERS_MAX = 1000;

const isOpen = and(eq(serverOffers.isActive, true), sql`coalesce(${serverOffers.stock}, 1) > 0`);

/** The offers that can be ordered now. */
export function listOffers(database: Database): Promise<OfferRow[]> {
  return database
    .select()
    .from(serverOffers)
    .where(isOpen)
    .orderBy(asc(serverOffers.deliveryHours), asc(serverOffers.name), asc(serverOffers.id))
    .limit(OFFERS_MAX);
}

/** One offer, sold out or not; null when it is unknown or withdrawn. */
export async function findOffer(database: Database, offerId: string): Promise<OfferRow | null> {
  const [row] = await database
    .select()
    .from(serverOffers)
    .where(and(eq(serverOffers.id, offerId), eq(serverOffers.isActive, true)));
  return row ?? null;
}

/** Makes an offer, or changes one; orders that were made keep their terms. */
export async function putOffer(database: Database, offer: typeof serverOffers.$inferInsert): Promise<void> {
  const { id: _id, createdAt: _createdAt, ...changes } = offer;
  await database
    .insert(serverOffers)
    .values(offer)
    .onConflictDoUpdate({ target: serverOffers.id, set: changes });
}

export type ReserveOutcome =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'repeated'; readonly reservation: ReservationRow }
  | { readonly kind: 'sold_out' | 'insufficient_balance' };

/**
 * Orders and pays: both or nothing. A key that the user has used before gives the order that was made with it.
 *
 * @param payment null when there is nothing to pay
 */
export async function reserveOffer(
  database: Database,
  reservation: NewReservation,
  payment: LedgerTransaction | null,
): Promise<ReserveOutcome> {
  try {
    await database.batch([
      database.insert(offerReservations).values(reservation),
      ...(payment === null ? [] : [ledgerStatement(database, payment)]),
    ]);
    return { kind: 'reserved' };
  } catch (error) {
    const { userId, idempotencyKey } = reservation;
    const earlier = await findReservationByKey(database, userId, idempotencyKey);
    if (earlier !== null) return { kind: 'repeated', reservation: earlier };
    if (ledgerRefusal(error) === 'INSUFFICIENT_BALANCE') return { kind: 'insufficient_balance' };
    if (rentalRefusal(error) === 'OFFER_SOLD_OUT') return { kind: 'sold_out' };
    throw error;
  }
}

/** The order that a user made with a key, in whatever realm. */
export async function findReservationByKey(
  database: Database,
  userId: string,
  idempotencyKey: string,
): Promise<ReservationRow | null> {
  const [row] = await database
    .select()
    .from(offerReservations)
    .where(and(eq(offerReservations.userId, userId), eq(offerReservations.idempotencyKey, idempotencyKey)));
  return row ?? null;
}

function reservationVisible(scope: Scope) {
  return and(
    eq(offerReservations.userId, scope.userId),
    scope.realmId === null ? undefined : eq(offerReservations.realmId, scope.realmId),
  );
}

/** The caller's orders, the newest first, and how many there are in all. */
export async function listReservations(
  database: Database,
  scope: Scope,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ rows: ReservationRow[]; total: number }> {
  const where = reservationVisible(scope);
  const [rows, totals] = await database.batch([
    database
      .select()
      .from(offerReservations)
      .where(where)
      .orderBy(desc(offerReservations.createdAt), desc(offerReservations.id))
      .limit(page.limit)
      .offset(page.offset),
    database.select({ total: count() }).from(offerReservations).where(where),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

/** One order of the caller's, or null. */
export async function findReservation(
  database: Database,
  scope: Scope,
  id: string,
): Promise<ReservationRow | null> {
  const [row] = await database
    .select()
    .from(offerReservations)
    .where(and(eq(offerReservations.id, id), reservationVisible(scope)));
  return row ?? null;
}

/** Pending orders whose delivery was promised for a time before `readyBefore`, the longest overdue first. */
export function listOverdueReservations(
  database: Database,
  readyBefore: number,
  limit: number,
): Promise<ReservationRow[]> {
  return database
    .select()
    .from(offerReservations)
    .where(and(eq(offerReservations.state, 'pending'), lt(offerReservations.readyBy, readyBefore)))
    .orderBy(asc(offerReservations.readyBy))
    .limit(limit);
}

/**
 * Gives an order's money back: both or nothing. False when it was delivered or paid back already.
 *
 * @param refundId 24 hex digits, of the ledger's transaction
 */
export async function refundReservation(
  database: Database,
  reservation: ReservationRow,
  refundId: string,
  now: number,
): Promise<boolean> {
  const amountMicros = microsOfCents(reservation.rentalCents + reservation.setupFeeCents);
  const refund =
    amountMicros === 0
      ? []
      : [
          ledgerStatement(
            database,
            generalTransaction(
              {
                id: refundId,
                type: 'offer_refund',
                userId: reservation.userId,
                description: 'Order that was not delivered',
                reference: { type: 'reservation', id: reservation.id },
                dedupeKey: `reservation-refund:${reservation.id}`,
                now,
              },
              [
                { account: { kind: 'revenue' }, amountMicros: -amountMicros },
                { account: { kind: 'user_general', userId: reservation.userId }, amountMicros },
              ],
            ),
          ),
        ];
  try {
    await database.batch([
      database
        .update(offerReservations)
        .set({ state: 'refunded', updatedAt: now })
        .where(eq(offerReservations.id, reservation.id)),
      ...refund,
    ]);
    return true;
  } catch (error) {
    if (rentalRefusal(error) === 'RESERVATION_SETTLED') return false;
    throw error;
  }
}
