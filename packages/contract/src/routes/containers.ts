import { CONTAINER_OPERATIONS, type ContainerOperation } from '../container-status.ts';
import type { PermissionLeaf } from '../permissions.ts';
import { type RouteDefinition, defineRoute } from '../route.ts';
import * as container from '../schemas/container.ts';
import * as request from '../schemas/container-requests.ts';
import { ContainerStats } from '../schemas/container-stats.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'containers';

/** Codes of a command that reaches the container's host. */
export const HOST_COMMAND_ERRORS = [
  'CONTAINER_OPERATION_IN_PROGRESS',
  'container_finalizing',
  'OPERATION_SUPERSEDED',
  'OPERATION_CANCELLED',
  'CONTAINER_HOST_COMMAND_FAILED',
  'HOST_UNAVAILABLE',
  'OPERATION_TIMEOUT',
] as const;

/**
 * The leaf that a token needs for an operation. The permission tree has none for pause, resume and
 * force-stop: pausing and killing take the machine away as stopping does, resuming gives it back as
 * starting does.
 */
const OPERATION_LEAVES: Record<ContainerOperation, PermissionLeaf> = {
  start: 'containers.actions.start',
  stop: 'containers.actions.stop',
  'force-stop': 'containers.actions.stop',
  restart: 'containers.actions.restart',
  pause: 'containers.actions.stop',
  resume: 'containers.actions.start',
};

export const containersList = defineRoute({
  operationId: 'containers.list',
  method: 'GET',
  path: '/api/v1/containers/',
  tag,
  summary: 'List the containers that the caller can see',
  auth: 'bearer',
  permission: 'containers.read',
  query: request.ListContainersQuery,
  success: [200],
  data: container.ContainerListData,
  errors: [],
});

export const containersListByProject = defineRoute({
  operationId: 'containers.listByProject',
  method: 'GET',
  path: '/api/v1/projects/{id}/containers',
  tag,
  summary: 'List the containers of a project',
  auth: 'bearer',
  permission: 'containers.read',
  params: IdParams,
  query: request.ListProjectContainersQuery,
  success: [200],
  data: container.ContainerListData,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const containersCreate = defineRoute({
  operationId: 'containers.create',
  method: 'POST',
  path: '/api/v1/projects/{id}/containers',
  tag,
  summary: 'Create a container in a project',
  auth: 'bearer',
  permission: 'containers.create',
  params: IdParams,
  body: request.CreateContainerBody,
  success: [201],
  data: container.ContainerCreated,
  errors: [
    'INVALID_CONTAINER_NAME',
    'INVALID_PUBLIC_KEY_FORMAT',
    'IMAGE_NOT_FOUND',
    'SERVER_CONTAINER_LIMIT',
    'PROJECT_CONTAINER_LIMIT',
    'PRESPAWN_FORBIDDEN',
    'IMAGE_NOT_PURCHASED',
    'CONTAINER_ACCESS_SUSPENDED',
    'KVM_NOT_PERMITTED',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'RESOURCE_NOT_FOUND',
    'CONTAINER_NAME_IN_USE',
    'SSH_PUBLIC_KEY_IN_USE',
    'CAPABILITY_MISSING',
    'CONTAINER_HOST_COMMAND_FAILED',
    'HOST_UNAVAILABLE',
    'OPERATION_TIMEOUT',
  ],
  fieldErrors: {
    'body.name': 'INVALID_CONTAINER_NAME',
    'body.ssh_public_key': 'INVALID_PUBLIC_KEY_FORMAT',
    'body.server_id': 'INVALID_ID_FORMAT',
  },
  asynchronous: true,
});

export const containersGet = defineRoute({
  operationId: 'containers.get',
  method: 'GET',
  path: '/api/v1/containers/{id}',
  tag,
  summary: 'Get a container',
  auth: 'bearer',
  permission: 'containers.read',
  params: IdParams,
  query: request.GetContainerQuery,
  success: [200],
  data: container.ContainerDetail,
  errors: ['CONTAINER_NOT_FOUND', 'RUNTIME_UNAVAILABLE'],
});

export const containersUpdate = defineRoute({
  operationId: 'containers.update',
  method: 'PUT',
  path: '/api/v1/containers/{id}',
  tag,
  summary: 'Change fields of a container',
  auth: 'bearer',
  permission: 'containers.update',
  params: IdParams,
  body: request.UpdateContainerBody,
  success: [200],
  data: container.Container,
  errors: [
    'INVALID_CONTAINER_NAME',
    'INVALID_PUBLIC_KEY_FORMAT',
    'IMMUTABLE_FIELD',
    'OPERATION_STATE_CONFLICT',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_NOT_FOUND',
    'RESOURCE_NOT_FOUND',
    'CONTAINER_NAME_IN_USE',
    'SSH_PUBLIC_KEY_IN_USE',
    'CAPABILITY_MISSING',
    ...HOST_COMMAND_ERRORS,
  ],
  fieldErrors: {
    'body.name': 'INVALID_CONTAINER_NAME',
    'body.ssh_public_key': 'INVALID_PUBLIC_KEY_FORMAT',
  },
  immutableFields: request.IMMUTABLE_CONTAINER_FIELDS,
  patchTwin: true,
});

export const containersSetContainerKvm = defineRoute({
  operationId: 'containers.setContainerKvm',
  method: 'PUT',
  path: '/api/v1/containers/{id}/kvm',
  tag,
  summary: 'Give a stopped container access to KVM, or take it away',
  auth: 'bearer',
  permission: 'containers.features.kvm',
  params: IdParams,
  body: request.SetContainerKvmBody,
  success: [200],
  data: container.ContainerKvm,
  errors: [
    'KVM_NOT_PERMITTED',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_NOT_FOUND',
    'RESOURCE_NOT_FOUND',
    'STATE_CONFLICT',
    'CAPABILITY_MISSING',
    ...HOST_COMMAND_ERRORS,
  ],
  patchTwin: true,
});

export const containersDelete = defineRoute({
  operationId: 'containers.delete',
  method: 'DELETE',
  path: '/api/v1/containers/{id}',
  tag,
  summary: 'Delete a container with all that it holds',
  auth: 'bearer',
  permission: 'containers.delete',
  params: IdParams,
  success: [200],
  errors: [
    'CONTAINER_NOT_FOUND',
    'RESOURCE_NOT_FOUND',
    'CONTAINER_HOST_COMMAND_FAILED',
    'HOST_UNAVAILABLE',
    'OPERATION_TIMEOUT',
  ],
  asynchronous: true,
});

export const containersManage = defineRoute({
  operationId: 'containers.manage',
  method: 'POST',
  path: '/api/v1/containers/{id}/{operation}',
  tag,
  summary: 'Start, stop, force-stop, restart, pause or resume a container',
  auth: 'bearer',
  permission: (params) => {
    const operation = CONTAINER_OPERATIONS.find((name) => name === params['operation']);
    return operation === undefined ? undefined : OPERATION_LEAVES[operation];
  },
  params: request.ManageContainerParams,
  success: [200],
  data: container.ContainerOperationResult,
  errors: [
    'OPERATION_STATE_CONFLICT',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_ACCESS_SUSPENDED',
    'CONTAINER_NOT_FOUND',
    'CAPABILITY_MISSING',
    ...HOST_COMMAND_ERRORS,
  ],
  asynchronous: true,
});

export const containersGetStatusLogs = defineRoute({
  operationId: 'containers.getStatusLogs',
  method: 'GET',
  path: '/api/v1/containers/{id}/status-logs',
  tag,
  summary: "List a container's transitions",
  auth: 'bearer',
  permission: 'containers.actions.logs',
  params: IdParams,
  query: request.StatusLogsQuery,
  success: [200],
  data: container.ContainerStatusLogData,
  errors: ['CONTAINER_NOT_FOUND'],
});

export const containersGetStats = defineRoute({
  operationId: 'containers.getStats',
  method: 'GET',
  path: '/api/v1/containers/{id}/stats',
  tag,
  summary: 'Measure what a container uses now',
  auth: 'bearer',
  permission: 'containers.read',
  params: IdParams,
  success: [200],
  data: ContainerStats,
  errors: ['CONTAINER_NOT_FOUND', 'HOST_UNAVAILABLE', 'RUNTIME_UNAVAILABLE'],
});

export const CONTAINER_ROUTES: readonly RouteDefinition[] = [
  containersList,
  containersListByProject,
  containersCreate,
  containersGet,
  containersUpdate,
  containersSetContainerKvm,
  containersDelete,
  containersManage,
  containersGetStatusLogs,
  containersGetStats,
];
