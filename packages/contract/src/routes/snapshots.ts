import { type RouteDefinition, defineRoute } from '../route.ts';
import { IdParams } from '../schemas/scalars.ts';
import * as snapshot from '../schemas/snapshot.ts';
import { HOST_COMMAND_ERRORS } from './containers.ts';

const tag = 'containers';
const permission = 'containers.features.snapshots';

export const containersListSnapshots = defineRoute({
  operationId: 'containers.listSnapshots',
  method: 'GET',
  path: '/api/v1/containers/{id}/snapshots',
  tag,
  summary: "List a container's snapshots",
  auth: 'bearer',
  permission,
  params: IdParams,
  success: [200],
  data: snapshot.SnapshotListData,
  errors: ['CONTAINER_NOT_FOUND', 'SNAPSHOT_INVENTORY_UNAVAILABLE'],
});

export const containersCreateSnapshot = defineRoute({
  operationId: 'containers.createSnapshot',
  method: 'POST',
  path: '/api/v1/containers/{id}/snapshots',
  tag,
  summary: 'Take a snapshot, with memory unless told otherwise',
  auth: 'bearer',
  permission,
  params: IdParams,
  body: snapshot.CreateSnapshotBody,
  bodyOptional: true,
  success: [200],
  data: snapshot.SnapshotResult,
  errors: [
    'CONTAINER_SNAPSHOT_LIMIT',
    'SNAPSHOT_PRESPAWN_FORBIDDEN',
    'OPERATION_STATE_CONFLICT',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_NOT_FOUND',
    'SNAPSHOT_OPERATION_IN_PROGRESS',
    'CAPABILITY_MISSING',
    'SNAPSHOT_INVENTORY_UNAVAILABLE',
    ...HOST_COMMAND_ERRORS,
  ],
  asynchronous: true,
});

export const containersRestoreSnapshot = defineRoute({
  operationId: 'containers.restoreSnapshot',
  method: 'PUT',
  path: '/api/v1/containers/{id}/snapshots/{name}',
  tag,
  summary: 'Bring a container back to a snapshot',
  auth: 'bearer',
  permission,
  params: snapshot.SnapshotParams,
  success: [200],
  data: snapshot.SnapshotRestored,
  errors: [
    'OPERATION_STATE_CONFLICT',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_ACCESS_SUSPENDED',
    'CONTAINER_NOT_FOUND',
    'SNAPSHOT_NOT_FOUND',
    'SNAPSHOT_OPERATION_IN_PROGRESS',
    'CAPABILITY_MISSING',
    ...HOST_COMMAND_ERRORS,
  ],
  patchTwin: true,
  asynchronous: true,
});

export const containersDeleteSnapshot = defineRoute({
  operationId: 'containers.deleteSnapshot',
  method: 'DELETE',
  path: '/api/v1/containers/{id}/snapshots/{name}',
  tag,
  summary: 'Delete a snapshot',
  auth: 'bearer',
  permission,
  params: snapshot.SnapshotParams,
  success: [200],
  data: snapshot.SnapshotDeleted,
  errors: [
    'OPERATION_STATE_CONFLICT',
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_NOT_FOUND',
    'SNAPSHOT_NOT_FOUND',
    'SNAPSHOT_OPERATION_IN_PROGRESS',
    ...HOST_COMMAND_ERRORS,
  ],
  asynchronous: true,
});

export const containersUpdateSnapshotAlias = defineRoute({
  operationId: 'containers.updateSnapshotAlias',
  method: 'PUT',
  path: '/api/v1/containers/{id}/snapshots/{name}/alias',
  tag,
  summary: 'Name a snapshot, or take its name away',
  auth: 'bearer',
  permission,
  params: snapshot.SnapshotParams,
  body: snapshot.UpdateSnapshotAliasBody,
  success: [200],
  data: snapshot.SnapshotResult,
  errors: [
    'OPERATION_NOT_PERMITTED_ON_EXPIRED',
    'CONTAINER_NOT_FOUND',
    'SNAPSHOT_NOT_FOUND',
    'container_finalizing',
    'SNAPSHOT_INVENTORY_UNAVAILABLE',
  ],
  patchTwin: true,
});

export const SNAPSHOT_ROUTES: readonly RouteDefinition[] = [
  containersListSnapshots,
  containersCreateSnapshot,
  containersRestoreSnapshot,
  containersDeleteSnapshot,
  containersUpdateSnapshotAlias,
];
