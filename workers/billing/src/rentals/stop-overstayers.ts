import { listOverstayers, type Database, type RunningContainer } from '@control-plane/database';
import { GRACE_MS } from '@control-plane/rentals';
import { describeError, randomHex, randomObjectId, type Logger } from '@control-plane/serving';
import type { Env } from '../env.ts';
import { containerObject } from '../objects.ts';

/** How long containers whose usage can't be paid run on. */
const UNPAID_GRACE_MS = 3_600_000;
/** A machine that did not stop by itself within this time is stopped by force. */
const POLITENESS_MS = 10 * 60_000;
const CONTAINERS_PER_RUN = 200;

/**
 * Stops what still runs a day after its rental's end, or an hour after its usage could not be paid. Asked
 * for again at each run until nothing runs; the same command joins the one under way.
 *
 * @returns how many containers were told to stop
 */
export async function stopOverstayers(
  env: Pick<Env, 'CONTAINERS'>,
  database: Database,
  now: number,
  log: Logger,
): Promise<number> {
  const overstayers = await listOverstayers(
    database,
    { expiredBefore: now - GRACE_MS, unpaidBefore: now - UNPAID_GRACE_MS },
    CONTAINERS_PER_RUN,
  );
  let told = 0;
  for (const container of overstayers) {
    try {
      const command = commandFor(container, now);
      const outcome = await containerObject(env, container.id).command({
        operationId: container.id + randomHex(8),
        actor: { userId: null, tokenId: null },
        requestId: randomObjectId(),
        waitMs: 0,
        command,
        parameters: {},
      });
      if (outcome.kind !== 'refused') told += 1;
      else
        log.info('container can not be stopped yet', {
          container_id: container.id,
          code: outcome.error.code,
        });
    } catch (error) {
      log.error('container not reached', { container_id: container.id, error: describeError(error) });
    }
  }
  return told;
}

/** What is paused has no way to shut down by itself. */
function commandFor({ status, since }: RunningContainer, now: number): 'stop' | 'force-stop' {
  const isPatienceOver = now - since > Math.max(GRACE_MS, UNPAID_GRACE_MS) + POLITENESS_MS;
  return status === 'paused' || isPatienceOver ? 'force-stop' : 'stop';
}
