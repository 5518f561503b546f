import { type RouteDefinition, defineRoute } from '../route.ts';
import * as operation from '../schemas/operation.ts';

export const operationsGet = defineRoute({
  operationId: 'operations.get',
  method: 'GET',
  path: '/api/v1/operations/{id}',
  tag: 'operations',
  summary: 'Get an operation, on request once it has its outcome',
  auth: 'bearer',
  permission: 'containers.read',
  params: operation.OperationParams,
  query: operation.OperationQuery,
  success: [200],
  data: operation.Operation,
  errors: ['OPERATION_NOT_FOUND'],
  extension: true,
});

export const OPERATION_ROUTES: readonly RouteDefinition[] = [operationsGet];
