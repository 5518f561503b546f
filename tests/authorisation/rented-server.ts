import { newObjectId, secureRandom } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { REALM, type World } from './world.ts';

export interface RentedServer {
  readonly rentalId: string;
  readonly reservationId: string;
}

const DAY_MS = 24 * 3_600_000;

/** A rental and an order of a user, both made in {@link REALM}. */
export async function rentAndOrder(world: World, userId: string): Promise<RentedServer> {
  const [rentalId, reservationId, offerId] = [0, 1, 2].map(() => newObjectId(secureRandom));
  if (rentalId === undefined || reservationId === undefined || offerId === undefined)
    throw new Error('ids are missing');
  const now = Date.now();
  const times = { createdAt: now, updatedAt: now };
  const terms = { days: 30, holdDays: 7, rentalCents: 1500, setupFeeCents: 0 };
  await world.database.batch([
    world.database.insert(schema.rentals).values({
      id: rentalId,
      userId,
      realmId: REALM,
      serverId: world.stack.bootstrap.server_id,
      status: 'active',
      startsAt: now,
      endsAt: now + terms.days * DAY_MS,
      meteredUntil: now,
      ...terms,
      ...times,
    }),
    world.database.insert(schema.serverOffers).values({
      id: offerId,
      name: 'sample',
      country: 'Nowhere',
      specsJson: '{}',
      pricesJson: '{"30": 1500}',
      deliveryHours: 24,
      ...times,
    }),
    world.database.insert(schema.offerReservations).values({
      id: reservationId,
      userId,
      realmId: REALM,
      offerId,
      idempotencyKey: reservationId,
      state: 'pending',
      readyBy: now + DAY_MS,
      deliveryHours: 24,
      setupTimeMinutes: 0,
      offerSnapshotJson: '{}',
      ...terms,
      ...times,
    }),
  ]);
  return { rentalId, reservationId };
}
