import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { activityList } from '@control-plane/contract/routes';
import { listActivity as load } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { timestamp } from '../authentication/user-view.ts';

/** Statuses from here on are errors. */
const ERROR_STATUS_MIN = 400;

/** The caller's authenticated requests, newest first; on a realm's host those made there. */
export const listActivity = operation(activityList, async ({ query }, context) => {
  const { page, limit, errors_only: errorsOnly, min_status: minStatus, max_status: maxStatus } = query;
  const statusMin = errorsOnly === true ? Math.max(minStatus ?? 0, ERROR_STATUS_MIN) : minStatus;
  const { rows, total } = await load(context.database, scopeOf(context), {
    page,
    limit,
    from: query.start_date ?? null,
    to: query.end_date ?? null,
    statusMin: statusMin ?? null,
    statusMax: maxStatus ?? null,
    method: query.method ?? null,
    realmId: query.realm_id ?? null,
  });
  return ok({
    message: 'Activity',
    data: rows.map((row) => ({
      id: row.id,
      user_id: row.userId,
      ...(row.realmId === null ? {} : { realm_id: row.realmId }),
      method: row.method,
      path: row.path,
      status_code: row.statusCode,
      ip_address: row.clientAddress,
      ...(row.userAgent === null ? {} : { user_agent: row.userAgent }),
      created_at: timestamp(row.createdAt),
    })),
    extra: { metadata: { total, page, limit, pages: Math.ceil(total / limit) } },
  });
});
