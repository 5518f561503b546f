import { scopeOf } from '@control-plane/serving';
import { ok, pagination } from '@control-plane/contract';
import { projectsList } from '@control-plane/contract/routes';
import { listProjects } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentProject } from './present-project.ts';

export const listProjectsOperation = operation(projectsList, async ({ query }, context) => {
  const { rows, total } = await listProjects(context.database, scopeOf(context), {
    page: query.page,
    limit: query.limit,
    sortBy: query.sort_by,
    sortOrder: query.sort_order,
    realmId: query.realm_id ?? null,
  });
  return ok({
    message: 'Projects retrieved successfully',
    data: {
      projects: rows.map((row) => presentProject(context.principal, row)),
      pagination: pagination(total, query.page, query.limit),
    },
  });
});
