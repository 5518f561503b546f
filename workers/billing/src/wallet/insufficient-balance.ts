import { fail, type ApiError } from '@control-plane/contract/errors';
import type { Database } from '@control-plane/database';
import { readBalances } from '@control-plane/database';
import { centsOfMicros } from '@control-plane/ledger';

/** The refusal of a payment that the general balance doesn't cover, with what there is and what lacks. */
export async function insufficientBalance(
  database: Database,
  userId: string,
  requiredCents: number,
): Promise<{ readonly ok: false; readonly error: ApiError }> {
  const availableCents = centsOfMicros((await readBalances(database, userId)).generalMicros);
  return fail('INSUFFICIENT_BALANCE', 'The balance does not cover this', {
    data: {
      required_cents: requiredCents,
      available_cents: availableCents,
      shortfall_cents: Math.max(requiredCents - availableCents, 0),
    },
  });
}
