import { fail } from '@control-plane/contract';
import { containersManage } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';

/** What a container whose usage is not paid may not do. */
const STARTING: readonly string[] = ['start', 'resume', 'restart'];

export const manageContainerOperation = operation(containersManage, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const command = params.operation;
  if (loaded.value.serverSuspendedAt !== null && STARTING.includes(command)) {
    return fail(
      'CONTAINER_ACCESS_SUSPENDED',
      "The server's usage could not be paid: top up the balance, then it can be started again",
    );
  }
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
