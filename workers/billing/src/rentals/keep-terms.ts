import {
  listRentalsDue,
  listRentalsHeldOut,
  markExpired,
  markWarned,
  releaseRental,
  type Database,
  type RentalRow,
} from '@control-plane/database';
import { DAY_MS, dueStep, FIRST_WARNING_MS, GRACE_MS } from '@control-plane/rentals';
import { termOf } from './present-rental.ts';
import { rentalEvent } from './rental-event.ts';

const RENTALS_PER_RUN = 500;

/**
 * Does what is due with each rental: warns of its end, marks it as expired, lets its place go. The end itself
 * needs nobody: what is past it counts as expired from that very moment.
 *
 * @returns how many rentals were taken a step on
 */
export async function keepTerms(database: Database, now: number): Promise<number> {
  let steps = 0;
  const ending = await listRentalsDue(database, now + FIRST_WARNING_MS, RENTALS_PER_RUN);
  const heldOut = await listRentalsHeldOut(database, now, GRACE_MS, RENTALS_PER_RUN);
  for (const rental of [...ending, ...heldOut]) {
    if (await keepTerm(database, rental, now)) steps += 1;
  }
  return steps;
}

async function keepTerm(database: Database, rental: RentalRow, now: number): Promise<boolean> {
  const { status, warnedMs } = rental;
  if (status === 'ended') return false;
  const step = dueStep(termOf(rental), { status, warnedMs }, now);
  switch (step?.kind) {
    case undefined:
      return false;
    case 'warn': {
      const days = Math.round(step.warningMs / DAY_MS);
      const event = rentalEvent('server.rental_expiring', rental, now, { days_before: days });
      await markWarned(database, rental, step.warningMs, event);
      return true;
    }
    case 'expire':
      await markExpired(database, rental, rentalEvent('server.rental_expired', rental, now));
      return true;
    case 'release':
      return releaseRental(database, rental, rentalEvent('server.rental_ended', rental, now));
  }
}
