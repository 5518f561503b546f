import { containersManage } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';

export const manageContainerOperation = operation(containersManage, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const command = params.operation;
  const outcome = await containerObject(context, params.id).command({
    ...invocation(context, params.id, command),
    command,
    parameters: {},
  });
  return answerCommand(context, outcome, (_operation, record) => ({
    message: `Container ${command} completed successfully`,
    data: {
      error: false,
      operation: command,
      container_id: record.id,
      project_id: record.projectId,
      message: `Container is ${record.status}`,
      status: record.status,
    },
  }));
});
