import { scopeOf } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract/errors';
import { reservationsGet } from '@control-plane/contract/routes';
import { findReservation } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentReservation } from '../../rentals/present-reservation.ts';

export const getReservationOperation = operation(reservationsGet, async ({ params }, context) => {
  const found = await findReservation(context.database, scopeOf(context), params.id);
  if (found === null) return fail('RESOURCE_NOT_FOUND', 'Reservation not found');
  return ok({
    message: 'Reservation retrieved successfully',
    data: presentReservation(context.principal, found),
  });
});
