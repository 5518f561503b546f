import { ok, type Result } from '@control-plane/contract';
import { cancelReservation, reserveContainer } from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { AuthenticatedContext } from '../context.ts';
import type { CommandOutcome } from '../objects/container/messages.ts';
import { hostGateway } from '../objects/gateways.ts';
import type { HostStatus } from '../objects/host/host-object.ts';
import { deleteContainer } from './delete-container.ts';
import { containerObject } from './load-container.ts';
import { invocation } from './run-command.ts';
import { reservationRefused } from './reservation-refused.ts';

type Accepted = Exclude<CommandOutcome, { kind: 'refused' }>;

/** A machine may have died since it was made ready; after so many the container is made in the plain way. */
const ATTEMPTS_MAX = 3;
/** A claim is one update of a machine that runs; what takes longer is answered as `claiming`. */
const CLAIM_WAIT_MS = 10_000;

/**
 * Makes a container out of a machine that its server holds ready. Null when there is none that fits: then it
 * is to be made in the plain way.
 *
 * @param record the container wanted; it gets the id of the machine
 */
export async function createFromPool(
  context: AuthenticatedContext,
  host: HostStatus,
  record: ContainerRecord,
): Promise<Result<Accepted> | null> {
  const { image, ramdisk } = record;
  const fits = host.warmKinds.some((kind) => kind.image === image && kind.ramdisk === ramdisk);
  if (!fits || record.kvm) return null;
  // A retry of a request that has made a container of its own must find that one.
  const mayBeRetry = context.request.headers.has('idempotency-key');
  if (mayBeRetry && (await containerObject(context, record.id).read()) !== null) return null;

  const pool = hostGateway(context.env, record.serverId);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const id = await pool.claimWarm(record.id, { image, ramdisk });
    if (id === null) return null;
    const wanted: ContainerRecord = { ...record, id, status: 'claiming' };
    const refusal = await reserveContainer(context.database, wanted);
    if (refusal !== null) {
      await pool.settleWarm(id, 'unused');
      return reservationRefused(refusal);
    }
    const asked = invocation(context, id, 'claim');
    const waitMs = Math.min(asked.waitMs, CLAIM_WAIT_MS);
    const outcome = await containerObject(context, id).claim({ ...asked, waitMs, record: wanted });
    if (outcome.kind === 'refused') {
      await cancelReservation(context.database, id);
      await pool.settleWarm(id, 'broken');
      continue;
    }
    context.waitUntil(pool.settleWarm(id, 'taken'));
    if (outcome.operation.error === null) return ok(outcome);
    // It has failed as this caller's container: nothing of it stays.
    await deleteContainer(context, id);
    return { ok: false, error: outcome.operation.error };
  }
  return null;
}
