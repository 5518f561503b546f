import { fail, ok, type Result } from '@control-plane/contract/errors';
import { serversRent } from '@control-plane/contract/routes';
import { findListing, findRental, rentServer, type MarketRow, type NewRental } from '@control-plane/database';
import { charge as chargeTransaction } from '@control-plane/ledger';
import { DAY_MS, quoteRent, type Charge } from '@control-plane/rentals';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { presentNewRental, presentPayment } from '../../rentals/present-rental.ts';
import { balanceRefused, quoteRefused } from '../../rentals/quote-refused.ts';
import { rentalEvent } from '../../rentals/rental-event.ts';

export const rentServerOperation = operation(serversRent, async ({ params, body }, context) => {
  const { database, principal, seedId } = context;
  const row = await findListing(database, params.id);
  if (row === null) return fail('RESOURCE_NOT_FOUND', 'There is no such server on the market');
  if (body.pool_id !== undefined) return fail('RESOURCE_NOT_FOUND', 'There is no such pool');
  const { listing, server } = row;
  if ((await findRental(database, { userId: principal.userId, realmId: null }, seedId)) !== null) {
    return rented(context, seedId);
  }
  if (!listing.isListed || !server.isReady) return unavailable('The server is not for rent right now');
  const quote = quoteRent({
    prices: JSON.parse(listing.pricesJson),
    setupFeeCents: listing.setupFeeCents,
    days: body.rental_days,
    maxChargeCents: body.max_charge_cents,
  });
  if (!quote.ok) return quoteRefused(quote.refusal);

  const now = Date.now();
  const { charge } = quote;
  const rental = newRental(context, row, charge, body.rental_days, now);
  const outcome = await rentServer(
    database,
    rental,
    charge.totalCents === 0
      ? null
      : chargeTransaction({
          id: seedId,
          type: 'rental_charge',
          userId: principal.userId,
          description: `${server.name.slice(0, 160)} for ${body.rental_days} days`,
          reference: { type: 'rental', id: seedId },
          metadata: { rental_cents: charge.rentalCents, setup_fee_cents: charge.setupFeeCents },
          now,
          lines: [{ to: 'revenue', cents: charge.totalCents }],
        }),
    rentalEvent('server.rented', rental, now, { rental_days: body.rental_days }),
  );
  switch (outcome) {
    case 'rented':
    case 'repeated':
      return rented(context, seedId);
    case 'taken':
      return unavailable('The server is taken');
    case 'held_already':
      return unavailable('You rent this server already: extend its rental instead');
    case 'insufficient_balance':
      return balanceRefused(database, principal.userId, charge);
  }
});

function newRental(
  { principal, realmId, seedId }: AuthenticatedContext,
  { listing, server }: MarketRow,
  charge: Charge,
  days: number,
  now: number,
): NewRental {
  return {
    id: seedId,
    userId: principal.userId,
    realmId,
    serverId: server.id,
    status: 'active',
    startsAt: now,
    endsAt: now + days * DAY_MS,
    holdDays: listing.holdDays,
    rentalCents: charge.rentalCents,
    setupFeeCents: charge.setupFeeCents,
    renewalPricesJson: listing.pricesJson,
    transactionId: charge.totalCents === 0 ? null : seedId,
    meteringJson: listing.meteringJson,
    meteredUntil: now,
    createdAt: now,
    updatedAt: now,
  };
}

function unavailable(message: string): Result<never> {
  return fail('SERVER_UNAVAILABLE', message);
}

async function rented({ database, principal }: AuthenticatedContext, rentalId: string) {
  // Whatever realm it was made in: it is this very request's.
  const found = await findRental(database, { userId: principal.userId, realmId: null }, rentalId);
  if (found === null) throw new Error(`rental ${rentalId} is gone`);
  const { rental, transaction } = found;
  return ok({
    message: 'Server rented',
    data: {
      rental: presentNewRental(principal, rental, Date.now()),
      ...(transaction === null ? {} : { transaction: presentPayment(transaction) }),
    },
  });
}
