import { ok } from '@control-plane/contract/errors';
import { usersGetSecurityHistory } from '@control-plane/contract/routes';
import { listSecurityHistory } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { timestamp } from '../authentication/user-view.ts';

/** The caller's successful logins of 180 days; failures and changes of secrets on request. */
export const getSecurityHistory = operation(usersGetSecurityHistory, async ({ query }, context) => {
  const { page, limit } = query;
  const { rows, total } = await listSecurityHistory(context.database, context.principal.userId, {
    page,
    limit,
    includeFailed: query.include_failed,
    includeSecurity: query.include_security,
    now: Date.now(),
  });
  return ok({
    message: 'Security history',
    data: rows.map((row) => ({
      id: row.id,
      event: row.event,
      outcome: row.succeeded ? ('success' as const) : ('failed' as const),
      ip_address: row.clientAddress,
      country: null,
      client: row.client,
      created_at: timestamp(row.createdAt),
    })),
    extra: { metadata: { total, page, limit, pages: Math.ceil(total / limit) } },
  });
});
