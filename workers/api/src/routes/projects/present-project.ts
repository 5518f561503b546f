import type { Principal } from '@control-plane/auth';
import type { ProjectPermissionRow, ProjectRow } from '@control-plane/database';
import { visibleRealms } from '../realms/visible-realms.ts';

/** The wire form of a project, with the realms that the caller may know of. */
export function presentProject(principal: Principal, project: ProjectRow) {
  return {
    id: project.id,
    user_id: project.userId,
    alias: project.alias,
    color: project.color,
    created_at: new Date(project.createdAt).toISOString(),
    updated_at: new Date(project.updatedAt).toISOString(),
    max_containers: project.maxContainers,
    is_default: project.isDefault,
    realm_ids: visibleRealms(principal, project.realmIds),
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
