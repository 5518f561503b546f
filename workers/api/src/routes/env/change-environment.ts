import type { Answer } from '@control-plane/serving';
import type { Result } from '@control-plane/contract';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import type { AuthenticatedContext } from '../../context.ts';

interface EnvironmentAnswer {
  environment_vars: Record<string, string>;
  synced: boolean;
}

/** Merges variables into a container's environment; null removes one. What is not named stays. */
export async function changeEnvironment(
  context: AuthenticatedContext,
  containerId: string,
  variables: Readonly<Record<string, string | null>>,
  message: string,
): Promise<Result<Answer<EnvironmentAnswer>> | Response> {
  const loaded = await loadContainer(context, containerId, 'edit');
  if (!loaded.ok) return loaded;
  const outcome = await containerObject(context, containerId).update({
    ...invocation(context, containerId, 'update'),
    changes: {},
    environment: { kind: 'merge', variables },
  });
  return answerCommand(context, outcome, (operation, record) => ({
    message,
    data: {
      environment_vars: { ...record.environmentVars },
      // Nothing to write means that the machine has it already.
      synced: operation.result === null ? record.status === 'running' : (operation.result.synced ?? false),
    },
  }));
}
