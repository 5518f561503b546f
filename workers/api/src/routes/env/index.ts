import { ok } from '@control-plane/contract';
import { envBulkSet, envDelete, envList, envSet } from '@control-plane/contract/routes';
import { containerNotFound, containerObject, loadContainer } from '../../containers/load-container.ts';
import { operation, type Operation } from '../../operation.ts';
import { changeEnvironment } from './change-environment.ts';

const listEnvironmentOperation = operation(envList, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'read');
  if (!loaded.ok) return loaded;
  const record = await containerObject(context, params.id).read();
  if (record === null) return containerNotFound();
  return ok({
    message: 'Environment variables retrieved successfully',
    data: { environment_vars: { ...record.environmentVars } },
  });
});

const setEnvironmentOperation = operation(envBulkSet, async ({ params, body }, context) =>
  changeEnvironment(context, params.id, body, 'Environment variables updated successfully'),
);

const setVariableOperation = operation(envSet, async ({ params, body }, context) =>
  changeEnvironment(
    context,
    params.id,
    { [params.key]: body.value },
    'Environment variable set successfully',
  ),
);

/** Removing what is not there is no error. */
const deleteVariableOperation = operation(envDelete, async ({ params }, context) =>
  changeEnvironment(context, params.id, { [params.key]: null }, 'Environment variable deleted successfully'),
);

export const environmentOperations: readonly Operation[] = [
  listEnvironmentOperation,
  setEnvironmentOperation,
  setVariableOperation,
  deleteVariableOperation,
];
