import { sql, type SQL } from 'drizzle-orm';
import { events } from './schema.ts';
import type { Database } from './client.ts';

/** An event as it happened to one resource; `now` in Unix milliseconds, `id` 24 hex digits. */
export interface NewEvent {
  readonly id: string;
  /** Whose resource it is: events are read by this user. */
  readonly userId: string;
  readonly eventType: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly realmIds: readonly string[];
  readonly now: number;
}

/**
 * The statement that records an event, for a batch with the change that it tells of. A repeated id changes
 * nothing. `userId` may be an SQL expression where the change itself finds the user. `condition` (SQL) lets
 * it be recorded only when the change really happened.
 */
export function eventStatement(
  database: Database,
  event: Omit<NewEvent, 'userId'> & { readonly userId: string | SQL },
  condition: SQL = sql`1`,
) {
  return database.run(sql`
    insert into ${events} (id, user_id, event_type, resource_type, resource_id, payload_json, realm_ids_json, created_at)
    select ${event.id}, ${event.userId}, ${event.eventType}, ${event.resourceType}, ${event.resourceId},
      ${JSON.stringify(event.payload)}, ${JSON.stringify(event.realmIds)}, ${event.now}
    where ${condition}
    on conflict (id) do nothing`);
}

/** Records one event by itself. */
export async function insertEvent(database: Database, event: NewEvent): Promise<void> {
  await eventStatement(database, event);
}
