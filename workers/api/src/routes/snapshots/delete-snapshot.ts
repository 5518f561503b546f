import { containersDeleteSnapshot } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';

export const deleteSnapshotOperation = operation(containersDeleteSnapshot, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const outcome = await containerObject(context, params.id).command({
    ...invocation(context, params.id, 'delete-snapshot'),
    command: 'delete-snapshot',
    parameters: { snapshot_name: params.name },
  });
  return answerCommand(context, outcome, (_operation, record) => ({
    message: 'Snapshot deleted successfully',
    data: { container_id: record.id, project_id: record.projectId, snapshot_name: params.name },
  }));
});
