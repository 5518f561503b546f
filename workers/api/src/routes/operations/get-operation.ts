import { scopeOf } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract';
import { operationsGet } from '@control-plane/contract/routes';
import { findContainerOwnership } from '@control-plane/database';
import { containerObject } from '../../containers/load-container.ts';
import { presentOperation } from '../../containers/present-operation.ts';
import { operation } from '../../operation.ts';

/** An operation outlives its container: the outcome of a delete can be asked for as well. */
export const getOperationOperation = operation(operationsGet, async ({ params, query }, context) => {
  const containerId = params.id.slice(0, 24);
  const notFound = fail('OPERATION_NOT_FOUND', 'Operation not found');
  if (!(await findContainerOwnership(context.database, scopeOf(context), containerId))) return notFound;
  const found = await containerObject(context, containerId).readOperation(params.id, query.wait * 1000);
  if (found === null) return notFound;
  return ok({ message: 'Operation retrieved successfully', data: presentOperation(found) });
});

export const operationOperations = [getOperationOperation];
