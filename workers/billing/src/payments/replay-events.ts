import {
  listInbox,
  noteFailedTry,
  type Database,
  type InboxFilter,
  type InboxRow,
} from '@control-plane/database';
import type { PaymentProviderName } from './payment-facts.ts';
import type { EventSource } from './payment-reading.ts';
import { receiveEvent, type ReceivedOutcome } from './receive-event.ts';

const PAGE = 50;

/** What became of an event that was driven again; an Error when it failed once more. */
export type Replayed = (event: InboxRow, result: ReceivedOutcome | Error) => void;

/**
 * Drives events of the inbox again, in the order of the filter, the way that they took when they were received.
 * Those that were settled are found to be so and change nothing; each that fails is noted, which lets the others
 * go first when the next run asks what is due.
 *
 * @param now Unix milliseconds
 */
export async function replayEvents(
  database: Database,
  sources: Readonly<Record<PaymentProviderName, EventSource>>,
  filter: Omit<InboxFilter, 'after'>,
  now: number,
  onReplayed: Replayed,
): Promise<void> {
  // What is due changes its order as it is tried, so that it has no second page.
  const pageSize = filter.state === 'due' ? filter.limit : PAGE;
  let after: InboxRow | undefined;
  for (let left = filter.limit; left > 0; left -= pageSize) {
    const limit = Math.min(left, pageSize);
    const page = await listInbox(database, { ...filter, limit, ...(after === undefined ? {} : { after }) });
    for (const event of page) {
      try {
        const outcome = await receiveEvent(database, sources[event.provider], event, now);
        if (outcome === 'busy') await noteFailedTry(database, event, now);
        onReplayed(event, outcome);
      } catch (error) {
        await noteFailedTry(database, event, now);
        onReplayed(event, error instanceof Error ? error : new Error(String(error)));
      }
    }
    after = page.at(-1);
    if (page.length < limit) return;
  }
}
