import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { reservationsList } from '@control-plane/contract/routes';
import { listReservations } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentReservation } from '../../rentals/present-reservation.ts';

export const listReservationsOperation = operation(reservationsList, async ({ query }, context) => {
  const { limit, offset } = query;
  const { rows, total } = await listReservations(context.database, scopeOf(context), query);
  return ok({
    message: 'Reservations retrieved successfully',
    data: rows.map((row) => presentReservation(context.principal, row)),
    extra: { total, limit, offset },
  });
});
