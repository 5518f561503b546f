import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract';
import { projectsGetStats } from '@control-plane/contract/routes';
import { findProject, listContainers, type ContainerListing } from '@control-plane/database';
import { readContainerStats, unmeasuredStats } from '../../containers/read-stats.ts';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { forEachBounded } from './bounded-concurrency.ts';
import { projectNotFound } from './refusals.ts';

const PAGE_SIZE = 100;
/** Containers beyond these are counted and not measured. */
const CONTAINERS_MEASURED_MAX = 500;
const CONCURRENCY = 8;
/** After this time no further container is asked: the rest is shown as not measured. */
const BUDGET_MS = 20_000;

type Entry = ReturnType<typeof unmeasuredStats> | Extract<Measurement, { ok: true }>['value'];
type Measurement = Awaited<ReturnType<typeof readContainerStats>>;

export const getProjectStats = operation(projectsGetStats, async ({ params }, context) => {
  const startedAt = Date.now();
  const project = await findProject(context.database, scopeOf(context), params.id, 'read');
  if (project === null) return projectNotFound();
  const { listings, total } = await containersOf(context, project.id);
  const measured = new Map<string, Entry>();
  await forEachBounded(listings, CONCURRENCY, async (listing) => {
    const stats = await readContainerStats(context, listing);
    if (stats.ok) measured.set(listing.record.id, stats.value);
    return Date.now() - startedAt < BUDGET_MS;
  });
  return ok({
    message: 'Project statistics retrieved successfully',
    data: {
      stats: listings.map((listing) => measured.get(listing.record.id) ?? unmeasuredStats(listing)),
      summary: {
        project_id: project.id,
        project_name: project.alias,
        container_count: total,
        total_processing_time: `${Date.now() - startedAt}ms`,
      },
    },
  });
});

async function containersOf(
  context: AuthenticatedContext,
  projectId: string,
): Promise<{ listings: ContainerListing[]; total: number }> {
  const listings: ContainerListing[] = [];
  for (let page = 1; ; page += 1) {
    const { rows, total } = await listContainers(context.database, scopeOf(context), {
      projectId,
      realmId: null,
      page,
      limit: PAGE_SIZE,
      sortBy: 'created_at',
      sortOrder: 'asc',
      includePrespawn: false,
      includeExpired: true,
      includeDeleting: false,
    });
    listings.push(...rows);
    if (rows.length < PAGE_SIZE || listings.length >= CONTAINERS_MEASURED_MAX) return { listings, total };
  }
}
