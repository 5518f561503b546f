import { createLogger, describeError } from '@control-plane/serving';
import {
  cancelReservation,
  findExpiredSnapshots,
  findSuspects,
  openDatabase,
  sweepDeviceCodes,
  sweepActivity,
  sweepHolds,
  sweepIdempotencyKeys,
  sweepProjectDeletions,
  sweepSecurityHistory,
  sweepSignInSteps,
} from '@control-plane/database';
import type { Env } from './env.ts';
import { containerGateway } from './objects/gateways.ts';

/** What is younger may still be under way. */
const PATIENCE_MS = 10 * 60 * 1000;
const SUSPECTS_PER_RUN = 200;
/** The container's own alarm removes an expired snapshot; what is older was missed. */
const EXPIRY_GRACE_MS = 2 * 60 * 1000;

/**
 * The cron's look for what an alarm missed: containers long in a transient status, reservations that were
 * never made, values held for nobody, expired idempotency keys.
 */
export async function sweep(env: Env, now: number): Promise<void> {
  const log = createLogger({ component: 'sweeper' });
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  const before = now - PATIENCE_MS;
  try {
    const suspects = await findSuspects(database, before, SUSPECTS_PER_RUN);
    for (const containerId of suspects) {
      const exists = await containerGateway(env, containerId).tend();
      if (!exists) await cancelReservation(database, containerId);
    }
    for (const containerId of await findExpiredSnapshots(database, now - EXPIRY_GRACE_MS, SUSPECTS_PER_RUN)) {
      await containerGateway(env, containerId).tend();
    }
    const holds = await sweepHolds(database, before);
    const keys = await sweepIdempotencyKeys(database, now);
    await sweepProjectDeletions(database, now);
    await sweepActivity(database, now);
    await sweepSecurityHistory(database, now);
    await sweepSignInSteps(database, now);
    await sweepDeviceCodes(database, now);
    if (suspects.length + holds + keys > 0) log.info('swept', { suspects: suspects.length, holds, keys });
  } catch (error) {
    log.error('sweep failed', { error: describeError(error) });
  }
}
