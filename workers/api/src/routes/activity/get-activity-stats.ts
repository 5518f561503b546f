import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { activityGetStats } from '@control-plane/contract/routes';
import { ACTIVITY_RETENTION_DAYS, readActivityStats } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { timestamp } from '../authentication/user-view.ts';

/** How much the caller's activity log holds, and for how long. */
export const getActivityStats = operation(activityGetStats, async (_input, context) => {
  const stats = await readActivityStats(context.database, scopeOf(context));
  return ok({
    message: 'Activity stats',
    data: {
      total_size_bytes: stats.sizeBytes,
      total_records: stats.records,
      ...(stats.oldestAt === null ? {} : { oldest_record: timestamp(stats.oldestAt) }),
      ...(stats.newestAt === null ? {} : { newest_record: timestamp(stats.newestAt) }),
      retention_days: ACTIVITY_RETENTION_DAYS,
    },
  });
});
