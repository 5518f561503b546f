import { type RouteDefinition, defineRoute } from '../route.ts';
import * as permission from '../schemas/project-permission.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'projects';

export const projectsListPermissions = defineRoute({
  operationId: 'projects.listPermissions',
  method: 'GET',
  path: '/api/v1/projects/{id}/permissions',
  tag,
  summary: 'List who else may use a project; collaborators who may not manage that see their own grant',
  auth: 'bearer',
  permission: 'projects.read',
  params: IdParams,
  query: permission.ListProjectPermissionsQuery,
  success: [200],
  data: permission.ProjectPermissionListData,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const projectsAddPermission = defineRoute({
  operationId: 'projects.addPermission',
  method: 'POST',
  path: '/api/v1/projects/{id}/permissions',
  tag,
  summary: 'Share a project with another user',
  auth: 'bearer',
  permission: 'projects.members.invite',
  params: IdParams,
  body: permission.AddProjectPermissionBody,
  success: [201],
  data: permission.ProjectPermission,
  errors: ['RESOURCE_NOT_FOUND', 'PROJECT_DELETION_IN_PROGRESS'],
  fieldErrors: { 'body.user_id': 'INVALID_ID_FORMAT' },
});

export const projectsUpdatePermission = defineRoute({
  operationId: 'projects.updatePermission',
  method: 'PUT',
  path: '/api/v1/projects/{id}/permissions/{permissionId}',
  tag,
  summary: "Change a collaborator's level",
  auth: 'bearer',
  permission: 'projects.members.change_roles',
  params: permission.ProjectPermissionParams,
  body: permission.UpdateProjectPermissionBody,
  success: [200],
  data: permission.ProjectPermission,
  errors: ['RESOURCE_NOT_FOUND', 'PROJECT_DELETION_IN_PROGRESS'],
  patchTwin: true,
});

export const projectsRemovePermission = defineRoute({
  operationId: 'projects.removePermission',
  method: 'DELETE',
  path: '/api/v1/projects/{id}/permissions/{permissionId}',
  tag,
  summary: 'Take a project back from a collaborator',
  auth: 'bearer',
  permission: 'projects.members.remove',
  params: permission.ProjectPermissionParams,
  success: [200],
  errors: ['RESOURCE_NOT_FOUND', 'PROJECT_DELETION_IN_PROGRESS'],
});

export const PROJECT_PERMISSION_ROUTES: readonly RouteDefinition[] = [
  projectsListPermissions,
  projectsAddPermission,
  projectsUpdatePermission,
  projectsRemovePermission,
];
