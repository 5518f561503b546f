import type { Principal } from '@control-plane/auth';
import type { ReservationRow } from '@control-plane/database';
import { mayReadBills } from './may-read-bills.ts';

/** An order in wire form; what it cost only for callers who may read bills. */
export function presentReservation(caller: Pick<Principal, 'grant'>, row: ReservationRow) {
  const snapshot: unknown = JSON.parse(row.offerSnapshotJson);
  return {
    id: row.id,
    offer_id: row.offerId,
    days: row.days,
    state: row.state,
    ready_by: new Date(row.readyBy).toISOString(),
    delivery_hours_quoted: row.deliveryHours,
    setup_time_minutes_quoted: row.setupTimeMinutes,
    hold_days_quoted: row.holdDays,
    server_id: row.serverId,
    rental_id: row.rentalId,
    created_at: new Date(row.createdAt).toISOString(),
    ...(mayReadBills(caller)
      ? {
          rental_cents: row.rentalCents,
          setup_fee_cents: row.setupFeeCents,
          total_paid_cents: row.rentalCents + row.setupFeeCents,
        }
      : {}),
    offer_snapshot: typeof snapshot === 'object' && snapshot !== null ? { ...snapshot } : {},
  };
}
