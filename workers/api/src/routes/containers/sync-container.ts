import { checkRateLimit, scopeOf } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract';
import { containersSync } from '@control-plane/contract/routes';
import { findContainer } from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import { areApart } from '../../containers/copy-container.ts';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { acceptedResponse, invocation } from '../../containers/run-command.ts';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';

export const syncContainerOperation = operation(containersSync, async ({ params, body }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const { record } = loaded.value;
  const source = await checkSource(context, record);
  if (!source.ok) return source;
  const counted = await checkRateLimit(context.env, 'container-sync', {
    clientAddress: '',
    account: params.id,
  });
  if (!counted.ok) return counted;
  const outcome = await containerObject(context, params.id).sync({
    ...invocation(context, params.id, 'sync'),
    waitMs: 0,
    copyPoint: `copy-${context.seedId}`,
    full: body?.full ?? false,
  });
  if (outcome.kind === 'refused') {
    await counted.value.forgive();
    return { ok: false, error: outcome.error };
  }
  if (context.respondAsync) return acceptedResponse(outcome.operation);
  return ok({
    message: 'Container sync started',
    data: {
      container_id: record.id,
      source_container_id: source.value.id,
      status: outcome.record.status,
    },
    headers: { location: `/api/v1/operations/${outcome.operation.id}` },
  });
});

/** The source, as far as the caller may read it. A copy can be told from any other container by them anyway. */
async function checkSource(
  context: AuthenticatedContext,
  record: ContainerRecord,
): Promise<Result<ContainerRecord>> {
  const sourceId = record.sourceContainerId;
  if (sourceId === null) return fail('CONTAINER_NOT_COPIED', 'This container is no copy of another');
  const scope = { ...scopeOf(context), realmId: null };
  const source = await findContainer(context.database, scope, sourceId, 'edit');
  if (source === null) return fail('SOURCE_CONTAINER_NOT_FOUND', 'The source of this copy is gone');
  const { realmIds } = source.record;
  const isOutside = context.realmId !== null && !realmIds.includes(context.realmId);
  if (isOutside || areApart(record.realmIds, realmIds)) {
    return fail('INSUFFICIENT_PERMISSIONS', 'A copy cannot be synced with a source of another realm');
  }
  return ok(source.record);
}
