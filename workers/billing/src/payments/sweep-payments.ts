import { failAbandonedIntents, openDatabase } from '@control-plane/database';
import { createLogger, describeError } from '@control-plane/serving';
import type { Env } from '../env.ts';
import { configuredProviders } from '../providers/configured-providers.ts';
import { eventSources } from '../providers/event-sources.ts';
import { replayEvents } from './replay-events.ts';

/** A client that retries with its key does so long before. */
const ABANDONED_MS = 3_600_000;
/** The provider itself comes again first; after three days it has given up, and so does the sweep. */
const UNTOUCHED_MS_MIN = 5 * 60_000;
const UNTOUCHED_MS_MAX = 3 * 24 * 3_600_000;
const REPLAYED_MAX = 20;

/** By cron: ends intents whose provider never answered, and deals with kept events that failed or were left waiting. */
export async function sweepPayments(env: Env): Promise<void> {
  const log = createLogger({ component: 'billing', task: 'sweep-payments' });
  const now = Date.now();
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  await failAbandonedIntents(database, now - ABANDONED_MS, now);
  await replayEvents(
    database,
    eventSources(configuredProviders(env, database)),
    {
      state: 'due',
      from: now - UNTOUCHED_MS_MAX,
      to: now - UNTOUCHED_MS_MIN,
      limit: REPLAYED_MAX,
    },
    now,
    ({ provider, eventId }, result) => {
      const outcome = result instanceof Error ? describeError(result) : result;
      log.info('event driven again', { provider, event_id: eventId, outcome });
    },
  );
}
