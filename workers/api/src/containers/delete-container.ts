import { randomHex } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract';
import type { AuthenticatedContext } from '../context.ts';
import type { CommandOutcome } from '../objects/container/messages.ts';
import { containerObject } from './load-container.ts';
import { invocation } from './run-command.ts';
import { cancelReservation } from '@control-plane/database';
import { operationIdOf } from '../ids.ts';

/**
 * Deletes a container that the caller was permitted to delete. Wins over whatever runs on it. Ok also when
 * the host is away: the container is then `deleting` until the host is back.
 */
export async function deleteContainer(
  context: AuthenticatedContext,
  containerId: string,
): Promise<Result<CommandOutcome>> {
  const outcome = await containerObject(context, containerId).command({
    ...invocation(context, containerId, 'delete'),
    // One request may delete many containers, so its seed is not enough.
    operationId: operationIdOf(containerId, randomHex(8)),
    command: 'delete',
    parameters: {},
  });
  if (outcome.kind !== 'refused') {
    return outcome.operation.error === null ? ok(outcome) : { ok: false, error: outcome.operation.error };
  }
  if (outcome.record === null && outcome.error.code === 'CONTAINER_NOT_FOUND') {
    // A reservation whose container was never made.
    await cancelReservation(context.database, containerId);
    return fail('CONTAINER_NOT_FOUND', 'Container not found');
  }
  return { ok: false, error: outcome.error };
}
