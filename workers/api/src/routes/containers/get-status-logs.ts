import { fail, ok, pagination } from '@control-plane/contract';
import { containersGetStatusLogs } from '@control-plane/contract/routes';
import type { ContainerStatus } from '@control-plane/lifecycle';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { isoTime } from '../../containers/present-container.ts';
import { operation } from '../../operation.ts';

export const getStatusLogsOperation = operation(
  containersGetStatusLogs,
  async ({ params, query }, context) => {
    const loaded = await loadContainer(context, params.id, 'read');
    if (!loaded.ok) return loaded;
    const { principal } = context;
    // The log names who did what: it is for the owner, not for collaborators.
    if (loaded.value.record.userId !== principal.userId && !(principal.isAdmin && principal.grant === null)) {
      return fail('INSUFFICIENT_PERMISSIONS', "this needs ownership of the container's project");
    }
    const { page, limit } = query;
    const { rows, total } = await containerObject(context, params.id).readStatusLog({
      page,
      limit,
      sortBy: query.sort_by,
      descending: query.sort_order === 'desc',
    });
    const logs = rows.map((row) => ({
      id: row.id,
      container_id: params.id,
      // Only the object writes these rows, from the lifecycle's own statuses.
      from_status: row.fromStatus as ContainerStatus | null,
      to_status: row.toStatus as ContainerStatus,
      transition_time: isoTime(row.transitionTime),
      duration_ms: row.durationMs,
      triggered_by: row.triggeredBy,
      metadata: {
        sequence: row.sequence,
        operation_id: row.operationId,
        command: row.command,
        cause: row.cause,
        user_id: row.triggeredByUserId,
      },
    }));
    return ok({
      message: 'Status logs retrieved successfully',
      data: { logs, pagination: pagination(total, page, limit) },
    });
  },
);
