import { ok } from '@control-plane/contract';
import { containersDelete } from '@control-plane/contract/routes';
import { deleteContainer } from '../../containers/delete-container.ts';
import { loadContainer } from '../../containers/load-container.ts';
import { acceptedResponse } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';

export const deleteContainerOperation = operation(containersDelete, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'delete');
  if (!loaded.ok) return loaded;
  const deleted = await deleteContainer(context, params.id);
  if (!deleted.ok) return deleted;
  const outcome = deleted.value;
  if (context.respondAsync && outcome.kind !== 'refused') return acceptedResponse(outcome.operation);
  const isDone = outcome.kind === 'finished';
  return ok({
    message: isDone
      ? 'Container deleted successfully'
      : 'Container is being deleted; its server will finish as soon as it can be reached',
    data: null,
  });
});
