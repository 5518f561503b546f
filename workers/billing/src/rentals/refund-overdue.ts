import { listOverdueReservations, refundReservation, type Database } from '@control-plane/database';
import { describeError, randomObjectId, type Logger } from '@control-plane/serving';

/** What was not delivered this long after it was promised is paid back. */
const OVERDUE_MS = 72 * 3_600_000;
const RESERVATIONS_PER_RUN = 100;

/** Pays back the orders that were not delivered in time; returns how many. */
export async function refundOverdue(database: Database, now: number, log: Logger): Promise<number> {
  let refunded = 0;
  const overdue = await listOverdueReservations(database, now - OVERDUE_MS, RESERVATIONS_PER_RUN);
  for (const reservation of overdue) {
    try {
      if (await refundReservation(database, reservation, randomObjectId(), now)) refunded += 1;
    } catch (error) {
      // One order's trouble is not the others'; the next run comes back to it.
      log.error('order not paid back', { reservation_id: reservation.id, error: describeError(error) });
    }
  }
  return refunded;
}
