import { fail, ok, type Result } from '@control-plane/contract/errors';
import { offersReserve } from '@control-plane/contract/routes';
import {
  findOffer,
  findReservationByKey,
  reserveOffer,
  type NewReservation,
  type OfferRow,
  type ReservationRow,
} from '@control-plane/database';
import { charge as chargeTransaction } from '@control-plane/ledger';
import { quoteRent, ruleFor, type Charge } from '@control-plane/rentals';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { presentOffer } from '../../rentals/present-market.ts';
import { presentReservation } from '../../rentals/present-reservation.ts';
import { balanceRefused, quoteRefused } from '../../rentals/quote-refused.ts';

const HOUR_MS = 3_600_000;
/** Where an offer has no rule of its own. */
const HOLD_DAYS = 7;

interface Terms {
  readonly days: number;
  readonly idempotency_key: string;
  readonly pool_id?: string | undefined;
}

export const reserveOfferOperation = operation(offersReserve, async ({ params, body }, context) => {
  const { database, principal, seedId } = context;
  const { userId } = principal;
  const earlier = await findReservationByKey(database, userId, body.idempotency_key);
  if (earlier !== null) return replay(context, earlier, params.id, body);
  const offer = await findOffer(database, params.id);
  if (offer === null) return fail('RESOURCE_NOT_FOUND', 'There is no such offer');
  if (body.pool_id !== undefined) return fail('RESOURCE_NOT_FOUND', 'There is no such pool');
  const quote = quoteRent({
    prices: JSON.parse(offer.pricesJson),
    setupFeeCents: ruleFor(readRules(offer.setupFeeRulesJson), body.days, offer.setupFeeCents),
    days: body.days,
    maxChargeCents: body.max_charge_cents,
  });
  if (!quote.ok) return quoteRefused(quote.refusal);

  const now = Date.now();
  const { charge } = quote;
  const reservation = newReservation(context, offer, charge, body, now);
  const outcome = await reserveOffer(
    database,
    reservation,
    charge.totalCents === 0
      ? null
      : chargeTransaction({
          id: seedId,
          type: 'offer_charge',
          userId,
          description: `Order of ${offer.name} for ${body.days} days`.slice(0, 200),
          reference: { type: 'reservation', id: seedId },
          metadata: { rental_cents: charge.rentalCents, setup_fee_cents: charge.setupFeeCents },
          now,
          lines: [{ to: 'revenue', cents: charge.totalCents }],
        }),
  );
  switch (outcome.kind) {
    case 'reserved': {
      const made = await findReservationByKey(database, userId, body.idempotency_key);
      if (made === null) throw new Error(`reservation ${seedId} is gone`);
      return answer(context, made, false);
    }
    case 'repeated':
      return replay(context, outcome.reservation, params.id, body);
    case 'sold_out':
      return fail('SERVER_UNAVAILABLE', 'The offer is sold out');
    case 'insufficient_balance':
      return balanceRefused(database, userId, charge);
  }
});

const readRules = (stored: string | null): unknown => (stored === null ? null : JSON.parse(stored));

function newReservation(
  { principal, realmId, seedId }: AuthenticatedContext,
  offer: OfferRow,
  charge: Charge,
  terms: Terms,
  now: number,
): NewReservation {
  return {
    id: seedId,
    userId: principal.userId,
    realmId,
    offerId: offer.id,
    idempotencyKey: terms.idempotency_key,
    days: terms.days,
    state: 'pending',
    readyBy: now + offer.deliveryHours * HOUR_MS + offer.setupTimeMinutes * 60_000,
    deliveryHours: offer.deliveryHours,
    setupTimeMinutes: offer.setupTimeMinutes,
    holdDays: ruleFor(readRules(offer.holdRulesJson), terms.days, HOLD_DAYS),
    rentalCents: charge.rentalCents,
    setupFeeCents: charge.setupFeeCents,
    offerSnapshotJson: JSON.stringify(presentOffer(offer)),
    transactionId: charge.totalCents === 0 ? null : seedId,
    createdAt: now,
    updatedAt: now,
  };
}

function replay(context: AuthenticatedContext, earlier: ReservationRow, offerId: string, terms: Terms) {
  const isSame =
    earlier.offerId === offerId &&
    earlier.days === terms.days &&
    earlier.poolId === (terms.pool_id ?? null) &&
    earlier.realmId === context.realmId;
  if (isSame) return answer(context, earlier, true);
  const refused: Result<never> = fail(
    'IDEMPOTENCY_INTENT_MISMATCH',
    'This idempotency_key was used for an order on other terms',
  );
  return refused;
}

function answer({ principal }: AuthenticatedContext, reservation: ReservationRow, replayed: boolean) {
  return ok({
    message: replayed ? 'This order was made before' : 'Server ordered',
    data: { reservation: presentReservation(principal, reservation), replayed },
  });
}
