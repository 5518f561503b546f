import type { ProjectPermissionRow, ProjectRow } from '@control-plane/database';

/** The wire form of a project. */
export function presentProject(project: ProjectRow) {
  return {
    id: project.id,
    user_id: project.userId,
    alias: project.alias,
    color: project.color,
    created_at: new Date(project.createdAt).toISOString(),
    updated_at: new Date(project.updatedAt).toISOString(),
    max_containers: project.maxContainers,
    is_default: project.isDefault,
    realm_ids: [...project.realmIds],
  };
}

/** The wire form of a collaborator's grant. */
export function presentPermission(permission: ProjectPermissionRow) {
  return {
    id: permission.id,
    project_id: permission.projectId,
    user_id: permission.userId,
    permission_level: permission.level,
    created_at: new Date(permission.createdAt).toISOString(),
    updated_at: new Date(permission.updatedAt).toISOString(),
    user: {
      id: permission.userId,
      username: permission.username,
      ...(permission.userAlias === null ? {} : { alias: permission.userAlias }),
    },
  };
}
