import { type RouteDefinition, defineRoute } from '../route.ts';
import * as copy from '../schemas/container-copy.ts';
import { IdParams } from '../schemas/scalars.ts';
import { HOST_COMMAND_ERRORS } from './containers.ts';

const tag = 'containers';

const COPY_ERRORS = [
  'OPERATION_NOT_PERMITTED_ON_EXPIRED',
  'SOURCE_CONTAINER_NOT_FOUND',
  'RESOURCE_NOT_FOUND',
  'STATE_CONFLICT',
  'CAPABILITY_MISSING',
  'COPY_TRANSFER_FAILED',
  'SIGNING_NOT_CONFIGURED',
  ...HOST_COMMAND_ERRORS,
] as const;

export const containersCopy = defineRoute({
  operationId: 'containers.copy',
  method: 'POST',
  path: '/api/v1/containers/{id}/copy',
  tag,
  summary: 'Copy a container, or fork it with its memory, on its server or to another',
  auth: 'bearer',
  permission: 'containers.create',
  params: IdParams,
  body: copy.CopyContainerBody,
  success: [201],
  data: copy.ContainerCopied,
  errors: [
    'INVALID_CONTAINER_NAME',
    'INVALID_PUBLIC_KEY_FORMAT',
    'SERVER_CONTAINER_LIMIT',
    'PROJECT_CONTAINER_LIMIT',
    'CONTAINER_ACCESS_SUSPENDED',
    'SNAPSHOT_NOT_FOUND',
    'CONTAINER_NAME_IN_USE',
    'SSH_PUBLIC_KEY_IN_USE',
    ...COPY_ERRORS,
  ],
  fieldErrors: {
    'body.name': 'INVALID_CONTAINER_NAME',
    'body.ssh_public_key': 'INVALID_PUBLIC_KEY_FORMAT',
    'body.target_project_id': 'INVALID_ID_FORMAT',
    'body.target_server_id': 'INVALID_ID_FORMAT',
  },
  asynchronous: true,
});

export const containersSync = defineRoute({
  operationId: 'containers.sync',
  method: 'POST',
  path: '/api/v1/containers/{id}/sync',
  tag,
  summary: 'Bring a copy to what its source is now',
  auth: 'bearer',
  permission: 'containers.update',
  params: IdParams,
  body: copy.SyncContainerBody,
  bodyOptional: true,
  success: [200],
  data: copy.ContainerSync,
  errors: [
    'CONTAINER_NOT_FOUND',
    'CONTAINER_NOT_COPIED',
    'SYNC_BASE_GONE',
    'RATE_LIMIT_EXCEEDED',
    ...COPY_ERRORS,
  ],
  asynchronous: true,
});

export const CONTAINER_COPY_ROUTES: readonly RouteDefinition[] = [containersCopy, containersSync];
