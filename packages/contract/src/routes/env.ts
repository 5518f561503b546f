/** The permission tree has no leaf for variables: reading needs the container's read, writing its update. */
import { type RouteDefinition, defineRoute } from '../route.ts';
import { EnvKeyParams } from '../schemas/container-requests.ts';
import * as environment from '../schemas/environment.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'env';
const writeErrors = [
  'OPERATION_NOT_PERMITTED_ON_EXPIRED',
  'CONTAINER_NOT_FOUND',
  'CONTAINER_OPERATION_IN_PROGRESS',
  'container_finalizing',
] as const;

export const envList = defineRoute({
  operationId: 'env.list',
  method: 'GET',
  path: '/api/v1/containers/{id}/env',
  tag,
  summary: "List a container's environment variables",
  auth: 'bearer',
  permission: 'containers.read',
  params: IdParams,
  success: [200],
  data: environment.EnvListData,
  errors: ['CONTAINER_NOT_FOUND'],
});

export const envBulkSet = defineRoute({
  operationId: 'env.bulkSet',
  method: 'PUT',
  path: '/api/v1/containers/{id}/env',
  tag,
  summary: "Merge variables into a container's environment",
  auth: 'bearer',
  permission: 'containers.update',
  params: IdParams,
  body: environment.EnvBulkSetBody,
  success: [200],
  data: environment.EnvResult,
  errors: writeErrors,
  patchTwin: true,
});

export const envSet = defineRoute({
  operationId: 'env.set',
  method: 'PUT',
  path: '/api/v1/containers/{id}/env/{key}',
  tag,
  summary: 'Set one environment variable',
  auth: 'bearer',
  permission: 'containers.update',
  params: EnvKeyParams,
  body: environment.EnvSetBody,
  success: [200],
  data: environment.EnvResult,
  errors: writeErrors,
  patchTwin: true,
});

export const envDelete = defineRoute({
  operationId: 'env.delete',
  method: 'DELETE',
  path: '/api/v1/containers/{id}/env/{key}',
  tag,
  summary: 'Remove one environment variable; it need not be there',
  auth: 'bearer',
  permission: 'containers.update',
  params: EnvKeyParams,
  success: [200],
  data: environment.EnvResult,
  errors: writeErrors,
});

export const ENV_ROUTES: readonly RouteDefinition[] = [envList, envBulkSet, envSet, envDelete];
