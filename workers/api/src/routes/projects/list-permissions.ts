import { scopeOf } from '@control-plane/serving';
import { ok, pagination } from '@control-plane/contract';
import { projectsListPermissions } from '@control-plane/contract/routes';
import { findProject, listProjectPermissions } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentPermission } from './present-project.ts';
import { projectNotFound } from './refusals.ts';

/** Who else may use a project; collaborators who may not manage that see their own grant alone. */
export const listPermissionsOperation = operation(
  projectsListPermissions,
  async ({ params, query }, context) => {
    const scope = scopeOf(context);
    if ((await findProject(context.database, scope, params.id, 'read')) === null) return projectNotFound();
    const { page, limit } = query;
    const { rows, total } = await listProjectPermissions(context.database, scope, params.id, {
      page,
      limit,
      sortBy: query.sort_by,
      sortOrder: query.sort_order,
    });
    return ok({
      message: 'Project permissions retrieved successfully',
      data: { permissions: rows.map(presentPermission), pagination: pagination(total, page, limit) },
    });
  },
);
