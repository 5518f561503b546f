import { scopeOf, type Answer } from '@control-plane/serving';
import { ok, pagination, fail, type ListContainersQuery, type Result } from '@control-plane/contract';
import { containersList, containersListByProject } from '@control-plane/contract/routes';
import { findProject, listContainers, type ContainerListing } from '@control-plane/database';
import type * as z from 'zod';
import { presentContainer } from '../../containers/present-container.ts';
import { readRuntime } from '../../containers/read-runtime.ts';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';

type ListQuery = Omit<z.output<ReturnType<typeof ListContainersQuery>>, 'realm_id'>;

/** Containers whose runtime is asked for at once. */
const RUNTIME_CONCURRENCY = 10;

export const listContainersOperation = operation(containersList, async ({ query }, context) =>
  list(context, query, null, query.realm_id ?? null),
);

export const listProjectContainersOperation = operation(
  containersListByProject,
  async ({ params, query }, context) => {
    const project = await findProject(context.database, scopeOf(context), params.id, 'read');
    if (project === null) return fail('RESOURCE_NOT_FOUND', 'Project not found');
    return list(context, query, project.id, null);
  },
);

async function list(
  context: AuthenticatedContext,
  query: ListQuery,
  projectId: string | null,
  realmId: string | null,
): Promise<Result<Answer<{ containers: Shown[]; pagination: ReturnType<typeof pagination> }>>> {
  const { page, limit } = query;
  const { rows, total } = await listContainers(context.database, scopeOf(context), {
    projectId,
    realmId,
    page,
    limit,
    sortBy: query.sort_by,
    sortOrder: query.sort_order,
    includePrespawn: query.include_prespawn ?? false,
    includeExpired: query.include_expired ?? false,
    includeDeleting: query.include_deleting ?? false,
  });
  const sections = query.runtime ?? [];
  const containers: Shown[] = [];
  for (let start = 0; start < rows.length; start += RUNTIME_CONCURRENCY) {
    const some = rows.slice(start, start + RUNTIME_CONCURRENCY);
    containers.push(...(await Promise.all(some.map((row) => show(context, row, sections)))));
  }
  return ok({
    message: 'Containers retrieved successfully',
    data: { containers, pagination: pagination(total, page, limit) },
  });
}

type Shown = Awaited<ReturnType<typeof show>>;

/** In a list, a runtime that can't be read now is null instead of failing the others. */
async function show(
  context: AuthenticatedContext,
  listing: ContainerListing,
  sections: NonNullable<ListQuery['runtime']>,
) {
  const container = presentContainer(context, listing);
  if (sections.length === 0) return container;
  const runtime = await readRuntime(context, listing.record, sections);
  return { ...container, runtime_info: runtime.ok ? runtime.value : null };
}
