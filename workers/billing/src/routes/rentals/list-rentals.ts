import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { rentalsList, serversList } from '@control-plane/contract/routes';
import { listGrantedServers, listRentals } from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { presentGrantedServer, presentRental } from '../../rentals/present-rental.ts';

async function list(context: AuthenticatedContext) {
  const { database, principal } = context;
  const now = Date.now();
  const scope = scopeOf(context);
  const [rentals, granted] = await Promise.all([
    listRentals(database, scope),
    listGrantedServers(database, scope),
  ]);
  return ok({
    message: 'Rentals retrieved successfully',
    data: [
      ...rentals.map((rental) => presentRental(principal, rental, now)),
      ...granted.map((server) => presentGrantedServer(principal, server, now)),
    ],
  });
}

export const listRentalsOperation = operation(rentalsList, (_input, context) => list(context));

export const listServersOperation = operation(serversList, (_input, context) => list(context));
