import { eq } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { offerReservations } from '../schema.ts';
import { rentalRefusal } from './rental-refusal.ts';
import type { ReservationRow } from './offers.ts';
import { rentServer, type NewRental } from './rent-server.ts';
import type { NewEvent } from '../events.ts';

/** An order by its id alone, for those who deliver it. */
export async function findAnyReservation(database: Database, id: string): Promise<ReservationRow | null> {
  const [row] = await database.select().from(offerReservations).where(eq(offerReservations.id, id));
  return row ?? null;
}

export type DeliveryOutcome = 'delivered' | 'settled_already' | 'server_taken' | 'held_already';

/**
 * Delivers an order: the rental that it paid for begins on a server, and the order is fulfilled; both or
 * nothing.
 *
 * @param rental the rental; it is paid already
 */
export async function deliverReservation(
  database: Database,
  reservationId: string,
  rental: NewRental,
  event: NewEvent,
): Promise<DeliveryOutcome> {
  try {
    const outcome = await rentServer(database, rental, null, event, [
      database
        .update(offerReservations)
        .set({
          state: 'fulfilled',
          serverId: rental.serverId,
          rentalId: rental.id,
          updatedAt: event.now,
        })
        .where(eq(offerReservations.id, reservationId)),
    ]);
    if (outcome === 'taken') return 'server_taken';
    return outcome === 'held_already' ? 'held_already' : 'delivered';
  } catch (error) {
    if (rentalRefusal(error) === 'RESERVATION_SETTLED') return 'settled_already';
    throw error;
  }
}
