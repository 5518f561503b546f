import { scopeOf } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findRental, type RentalListing } from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';

/** A rental that is missing, hidden, or somebody else's; all look the same. */
export function rentalNotFound(): Result<never> {
  return fail('RESOURCE_NOT_FOUND', 'Rental not found');
}

/** The caller's rental of that id, or the one that is not over of the server of that id. */
export async function loadRental(context: AuthenticatedContext, id: string): Promise<Result<RentalListing>> {
  const found = await findRental(context.database, scopeOf(context), id);
  return found === null ? rentalNotFound() : ok(found);
}
