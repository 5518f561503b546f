import { fail, ok } from '@control-plane/contract/errors';
import { rentalsExtend } from '@control-plane/contract/routes';
import {
  extendRental,
  findRental,
  findTransaction,
  type LedgerTransactionRow,
} from '@control-plane/database';
import { charge as chargeTransaction } from '@control-plane/ledger';
import { extendedEnd, quoteExtension } from '@control-plane/rentals';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { presentPayment, presentTerm, termOf } from '../../rentals/present-rental.ts';
import { balanceRefused, quoteRefused } from '../../rentals/quote-refused.ts';
import { postUsageToEnd } from '../../rentals/post-usage.ts';
import { rentalEvent } from '../../rentals/rental-event.ts';
import { loadRental } from './load-rental.ts';

export const extendRentalOperation = operation(rentalsExtend, async ({ params, body }, context) => {
  const { database, principal, seedId } = context;
  const loaded = await loadRental(context, params.id);
  if (!loaded.ok) return loaded;
  const { rental, listing, server } = loaded.value;
  const earlier = await findTransaction(database, principal.userId, seedId);
  if (earlier !== null) return extended(context, rental.id, earlier);
  if (Date.parse(body.expected_rental_end) !== rental.endsAt || rental.status === 'ended') {
    return alreadyApplied(rental.endsAt);
  }
  const quote = quoteExtension({
    current: listing === null ? null : JSON.parse(listing.pricesJson),
    frozen: rental.renewalPricesJson === null ? null : JSON.parse(rental.renewalPricesJson),
    days: body.additional_days,
    maxChargeCents: body.max_charge_cents,
  });
  if (!quote.ok) return quoteRefused(quote.refusal);

  const now = Date.now();
  // What was used before the end is owed whatever comes after it.
  const readRental = async () =>
    (await findRental(database, { userId: principal.userId, realmId: null }, rental.id))?.rental ?? null;
  await postUsageToEnd(database, readRental, now);
  const newEnd = extendedEnd(termOf(rental), body.additional_days, now);
  const { totalCents } = quote.charge;
  const payment =
    totalCents === 0
      ? null
      : chargeTransaction({
          id: seedId,
          type: 'rental_extension',
          userId: principal.userId,
          description: `${server.name.slice(0, 160)} for ${body.additional_days} more days`,
          reference: { type: 'rental', id: rental.id },
          now,
          lines: [{ to: 'revenue', cents: totalCents }],
        });
  const outcome = await extendRental(
    database,
    {
      rentalId: rental.id,
      serverId: rental.serverId,
      userId: rental.userId,
      expectedEnd: rental.endsAt,
      newEnd,
      cents: totalCents,
      now,
    },
    payment,
    rentalEvent('server.rental_extended', { ...rental, endsAt: newEnd }, now, {
      additional_days: body.additional_days,
    }),
  );
  if (outcome === 'insufficient_balance') return balanceRefused(database, principal.userId, quote.charge);
  if (outcome === 'stale') {
    const current = await loadRental(context, rental.id);
    return alreadyApplied(current.ok ? current.value.rental.endsAt : rental.endsAt);
  }
  return extended(context, rental.id, payment === null ? null : { ...payment, createdAt: now });
});

function alreadyApplied(endsAt: number) {
  return fail('EXTENSION_ALREADY_APPLIED', 'The rental does not end when you expect it to', {
    data: { rental_end: new Date(endsAt).toISOString() },
  });
}

async function extended(
  context: AuthenticatedContext,
  rentalId: string,
  payment: Pick<LedgerTransactionRow, 'id' | 'amountMicros' | 'createdAt'> | null,
) {
  const current = await loadRental(context, rentalId);
  if (!current.ok) return current;
  return ok({
    message: 'Rental extended',
    data: {
      rental: presentTerm(context.principal, current.value.rental, Date.now()),
      ...(payment === null ? {} : { transaction: presentPayment(payment) }),
    },
  });
}
