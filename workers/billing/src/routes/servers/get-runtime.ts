import { checkRateLimit } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract/errors';
import { rentalsGetRuntime, serversGetRuntime } from '@control-plane/contract/routes';
import type { RentalListing } from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { readServerRuntime, readShareRuntime } from '../../rentals/read-runtime.ts';
import { loadRental, rentalNotFound } from '../rentals/load-rental.ts';

const MESSAGE = 'Runtime retrieved successfully';

/** A whole server is what nobody else can have a part of, or has one of from when there were more places. */
const isShared = ({ listing, neighbours }: RentalListing): boolean => listing?.slots !== 1 || neighbours > 0;

async function limit({ env, clientAddress, principal }: AuthenticatedContext) {
  return checkRateLimit(env, 'server-runtime', { clientAddress, account: principal.userId });
}

export const getRentalRuntimeOperation = operation(rentalsGetRuntime, async ({ params }, context) => {
  const counted = await limit(context);
  if (!counted.ok) return counted;
  const loaded = await loadRental(context, params.id);
  if (!loaded.ok) return loaded;
  if (loaded.value.rental.status === 'ended') return rentalNotFound();
  const { env, database } = context;
  const runtime = isShared(loaded.value)
    ? await readShareRuntime(env, database, loaded.value, Date.now())
    : await readServerRuntime(env, loaded.value, Date.now());
  return runtime.ok ? ok({ message: MESSAGE, data: runtime.value }) : runtime;
});

export const getServerRuntimeOperation = operation(serversGetRuntime, async ({ params }, context) => {
  const counted = await limit(context);
  if (!counted.ok) return counted;
  const loaded = await loadRental(context, params.id);
  if (!loaded.ok) return loaded;
  if (loaded.value.rental.status === 'ended') return rentalNotFound();
  if (isShared(loaded.value)) {
    return fail(
      'SERVER_SHARED',
      'Others use this server as well: ask for your part of it with /rentals/{id}/runtime',
    );
  }
  const runtime = await readServerRuntime(context.env, loaded.value, Date.now());
  return runtime.ok ? ok({ message: MESSAGE, data: runtime.value }) : runtime;
});
