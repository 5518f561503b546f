import { scopeOf } from '@control-plane/serving';
import { fail, ok, type ErrorCode, type Result } from '@control-plane/contract';
import {
  projectsAddPermission,
  projectsRemovePermission,
  projectsUpdatePermission,
} from '@control-plane/contract/routes';
import {
  addProjectPermission,
  findProject,
  removeProjectPermission,
  updateProjectPermission,
  type NewEvent,
  type ProjectPermissionChange,
  type ProjectPermissionRow,
} from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { presentPermission } from './present-project.ts';
import { projectEvent } from './project-event.ts';
import { deletionInProgress, projectNotFound } from './refusals.ts';

/** Shares a project; its owner and collaborators with `edit` may, at most at their own level. */
export const addPermissionOperation = operation(projectsAddPermission, async ({ params, body }, context) => {
  const grant = {
    id: context.seedId,
    projectId: params.id,
    userId: body.user_id,
    level: body.permission_level,
  };
  const event = await eventOf(context, params.id, { permission_added: { ...body, id: grant.id } });
  if (event === null) return projectNotFound();
  const change = settled(await addProjectPermission(context.database, scopeOf(context), grant, event));
  if (!change.ok) return change;
  return ok({ message: 'Project permission added successfully', data: presentPermission(change.value) });
});

/** Gives a grant another level. */
export const updatePermissionOperation = operation(
  projectsUpdatePermission,
  async ({ params, body }, context) => {
    const grant = { id: params.permissionId, projectId: params.id, level: body.permission_level };
    const event = await eventOf(context, params.id, { permission_updated: { ...body, id: grant.id } });
    if (event === null) return projectNotFound();
    const change = settled(await updateProjectPermission(context.database, scopeOf(context), grant, event));
    if (!change.ok) return change;
    return ok({ message: 'Project permission updated successfully', data: presentPermission(change.value) });
  },
);

/** Takes a grant back; it counts from the next request on. */
export const removePermissionOperation = operation(projectsRemovePermission, async ({ params }, context) => {
  const grant = { id: params.permissionId, projectId: params.id };
  const event = await eventOf(context, params.id, { permission_removed: { id: grant.id } });
  if (event === null) return projectNotFound();
  const change = settled(await removeProjectPermission(context.database, scopeOf(context), grant, event));
  return change.ok ? ok({ message: 'Project permission removed successfully', data: null }) : change;
});

/** The event of a change, which belongs to the project's owner; null when the caller sees no such project. */
async function eventOf(
  context: AuthenticatedContext,
  projectId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<NewEvent | null> {
  const project = await findProject(context.database, scopeOf(context), projectId, 'read');
  return project === null ? null : projectEvent('project.updated', project, { changes }, Date.now());
}

const REFUSALS: Record<
  Exclude<ProjectPermissionChange['kind'], 'done' | 'missing_project' | 'deleting'>,
  readonly [ErrorCode, string]
> = {
  missing_permission: ['RESOURCE_NOT_FOUND', 'Project permission not found'],
  missing_user: ['RESOURCE_NOT_FOUND', 'User not found'],
  forbidden: [
    'INSUFFICIENT_PERMISSIONS',
    'this needs edit access to the project, and at least the level that is given or taken',
  ],
  is_owner: ['VALIDATION_ERROR', 'the owner of a project has every permission already'],
  exists: ['VALIDATION_ERROR', 'the user has a permission on this project already; change its level instead'],
};

function settled(change: ProjectPermissionChange): Result<ProjectPermissionRow> {
  if (change.kind === 'done') return ok(change.permission);
  if (change.kind === 'missing_project') return projectNotFound();
  if (change.kind === 'deleting') return deletionInProgress();
  const [code, message] = REFUSALS[change.kind];
  return fail(code, message);
}
