import { ok } from '@control-plane/contract';
import { containersGetUsage, projectsGetUsage } from '@control-plane/contract/routes';
import { fail } from '@control-plane/contract/errors';
import { findProject, listContainerUsage, sumProjectUsage } from '@control-plane/database';
import { addUsage, microsOfUnits, NO_USAGE, type Usage } from '@control-plane/rentals';
import { scopeOf } from '@control-plane/serving';
import { loadContainer } from '../../containers/load-container.ts';
import { isoTime } from '../../containers/present-container.ts';
import { operation } from '../../operation.ts';

const HOUR_MS = 3_600_000;

export const getContainerUsage = operation(containersGetUsage, async ({ params, query }, context) => {
  const loaded = await loadContainer(context, params.id, 'read');
  if (!loaded.ok) return loaded;
  const rows = await listContainerUsage(context.database, params.id, Date.now() - query.hours * HOUR_MS);
  return ok({
    message: 'Usage retrieved successfully',
    data: {
      container_id: params.id,
      total: total(rows.map((row) => ({ ...row, costUnits: BigInt(row.costUnits) }))),
      intervals: rows.map((row) => ({
        rental_id: row.rentalId,
        starts_at: isoTime(row.startsAt),
        ends_at: isoTime(row.endsAt),
        ...present(row, BigInt(row.costUnits)),
      })),
    },
  });
});

export const getProjectUsage = operation(projectsGetUsage, async ({ params, query }, context) => {
  const scope = scopeOf(context);
  const project = await findProject(context.database, scope, params.id, 'read');
  if (project === null) return fail('RESOURCE_NOT_FOUND', 'Project not found');
  const since = Date.now() - query.hours * HOUR_MS;
  const sums = await sumProjectUsage(context.database, scope, project.id, since);
  return ok({
    message: 'Usage retrieved successfully',
    data: {
      project_id: project.id,
      total: total(sums),
      containers: sums.map((sum) => ({ container_id: sum.containerId, ...present(sum, sum.costUnits) })),
    },
  });
});

function present(usage: Usage, units: bigint) {
  return {
    compute_ms: usage.computeMs,
    memory_ms: usage.memoryMs,
    storage_ms: usage.storageMs,
    cost_micros: microsOfUnits(units),
  };
}

/** Summed before it is rounded, so that the total is at least as exact as its parts. */
function total(parts: readonly (Usage & { readonly costUnits: bigint })[]) {
  const usage = parts.reduce(addUsage, NO_USAGE);
  return present(
    usage,
    parts.reduce((sum, { costUnits }) => sum + costUnits, 0n),
  );
}
