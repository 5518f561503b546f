import type { EventType } from '@control-plane/contract';
import type { NewEvent } from '@control-plane/database';
import { randomObjectId } from '@control-plane/serving';

/** What an event tells of a rental; `endsAt` in Unix milliseconds. */
export interface RentalFacts {
  readonly id: string;
  readonly userId: string;
  readonly realmId?: string | null | undefined;
  readonly serverId: string;
  readonly endsAt: number;
}

/** An event of a rental's server, for its renter. */
export function rentalEvent(
  eventType: EventType,
  rental: RentalFacts,
  now: number,
  payload: Readonly<Record<string, unknown>> = {},
): NewEvent {
  const { realmId = null } = rental;
  return {
    id: randomObjectId(),
    userId: rental.userId,
    eventType,
    resourceType: 'server',
    resourceId: rental.serverId,
    payload: {
      server_id: rental.serverId,
      rental_id: rental.id,
      rental_end: new Date(rental.endsAt).toISOString(),
      ...payload,
    },
    realmIds: realmId === null ? [] : [realmId],
    now,
  };
}
