import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { rentalsGet, serversGet } from '@control-plane/contract/routes';
import { findGrantedServer } from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { presentGrantedServer, presentRentalDetail } from '../../rentals/present-rental.ts';
import { loadRental, rentalNotFound } from './load-rental.ts';

async function get(id: string, context: AuthenticatedContext) {
  const { database, principal } = context;
  const message = 'Rental retrieved successfully';
  const now = Date.now();
  const rental = await loadRental(context, id);
  if (rental.ok) return ok({ message, data: presentRentalDetail(principal, rental.value, now) });
  const granted = await findGrantedServer(database, scopeOf(context), id);
  if (granted === null) return rentalNotFound();
  return ok({ message, data: presentGrantedServer(principal, granted, now) });
}

export const getRentalOperation = operation(rentalsGet, ({ params }, context) => get(params.id, context));

export const getServerOperation = operation(serversGet, ({ params }, context) => get(params.id, context));
