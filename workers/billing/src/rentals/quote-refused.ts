import { fail, type ApiError } from '@control-plane/contract/errors';
import type { Database } from '@control-plane/database';
import { dollarsOf, type Charge, type QuoteRefusal } from '@control-plane/rentals';
import { insufficientBalance } from '../wallet/insufficient-balance.ts';

type Refused = { readonly ok: false; readonly error: ApiError };

const inCents = ({ rentalCents, setupFeeCents, totalCents }: Charge) => ({
  rental_cents: rentalCents,
  setup_fee_cents: setupFeeCents,
  total_cents: totalCents,
});

/** What a client is told of a price that was not agreed. */
export function quoteRefused(refusal: QuoteRefusal): Refused {
  switch (refusal.code) {
    case 'NO_PRICING':
      return fail('NO_PRICING', 'This server has no price');
    case 'PRICING_INVALID':
      return fail('PRICING_INVALID', 'The price of this server is not set up correctly');
    case 'INVALID_DURATION':
      return fail('INVALID_DURATION', `It can be had for ${refusal.availableDays.join(', ') || 'no'} days`, {
        data: { available_durations: refusal.availableDays },
      });
    case 'CHARGE_CONFIRMATION_REQUIRED':
    case 'SETUP_FEE_CONFIRMATION_REQUIRED':
      return fail(
        refusal.code,
        `This costs ${dollarsOf(refusal.charge.totalCents)} dollars: agree to it with max_charge_cents`,
        { data: inCents(refusal.charge) },
      );
    case 'CHARGE_EXCEEDS_MAX':
      return fail(
        'CHARGE_EXCEEDS_MAX',
        `This costs ${dollarsOf(refusal.charge.totalCents)} dollars, more than max_charge_cents allows`,
        { data: { ...inCents(refusal.charge), max_charge_cents: refusal.maxChargeCents } },
      );
  }
}

/** INSUFFICIENT_BALANCE with what is asked, what there is, and what lacks, all in cents. */
export async function balanceRefused(database: Database, userId: string, charge: Charge): Promise<Refused> {
  const refused = await insufficientBalance(database, userId, charge.totalCents);
  return fail(refused.error.code, refused.error.message, {
    data: { ...inCents(charge), ...Object(refused.error.data) },
  });
}
