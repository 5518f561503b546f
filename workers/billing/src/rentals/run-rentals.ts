import { openDatabase } from '@control-plane/database';
import { createLogger, describeError } from '@control-plane/serving';
import type { Env } from '../env.ts';
import { keepTerms } from './keep-terms.ts';
import { postUsage } from './post-usage.ts';
import { refundOverdue } from './refund-overdue.ts';
import { stopOverstayers } from './stop-overstayers.ts';

/**
 * The cron's part of rentals: terms that end, usage that is to be paid, what must not run any more, orders
 * that were not delivered. Each part goes on where the last run stopped, and none waits for another's fault.
 *
 * @param now Unix milliseconds
 */
export async function runRentals(env: Env, now: number): Promise<void> {
  const log = createLogger({ component: 'rentals' });
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  const parts = {
    terms: () => keepTerms(database, now),
    usage: () => postUsage(database, now, log),
    stopped: () => stopOverstayers(env, database, now, log),
    refunded: () => refundOverdue(database, now, log),
  };
  for (const [name, part] of Object.entries(parts)) {
    try {
      const count = await part();
      if (count > 0) log.info('rentals kept', { part: name, count });
    } catch (error) {
      log.error('rentals not kept', { part: name, error: describeError(error) });
    }
  }
}
