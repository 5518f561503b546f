import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract';
import { projectsGet } from '@control-plane/contract/routes';
import { findProject, listProjectPermissions } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentPermission, presentProject } from './present-project.ts';
import { projectNotFound } from './refusals.ts';

/** Grants shown with a project; their own list has pages. */
const PERMISSIONS_SHOWN_MAX = 1000;

export const getProjectOperation = operation(projectsGet, async ({ params, query }, context) => {
  const scope = scopeOf(context);
  const project = await findProject(context.database, scope, params.id, 'read');
  if (project === null) return projectNotFound();
  const data = presentProject(context.principal, project);
  const message = 'Project retrieved successfully';
  if (!query.include_permissions) return ok({ message, data });
  const { rows } = await listProjectPermissions(context.database, scope, params.id, {
    page: 1,
    limit: PERMISSIONS_SHOWN_MAX,
    sortBy: 'created_at',
    sortOrder: 'asc',
  });
  return ok({ message, data: { ...data, permissions: rows.map(presentPermission) } });
});
