import { ok } from '@control-plane/contract/errors';
import { walletListAiFeeHistory } from '@control-plane/contract/routes';
import { listAiFees } from '@control-plane/database';
import { formatUsd } from '@control-plane/ledger';
import { operation } from '../../operation.ts';
import { offsetOf, paginationOf } from '../../wallet/paging.ts';
import { lineId } from '../../wallet/present-transaction.ts';

export const listAiFeeHistory = operation(walletListAiFeeHistory, async ({ query }, context) => {
  const { limit, sort_by: sortBy, sort_order: sortOrder } = query;
  const { rows, total } = await listAiFees(context.database, context.principal.userId, {
    offset: offsetOf(query),
    limit,
    sortBy,
    sortOrder,
  });
  return ok({
    message: 'AI fees retrieved',
    data: {
      fees: rows.map(({ transaction, feeMicros, line }) => ({
        id: lineId(transaction.id, line),
        transaction_id: transaction.id,
        amount: formatUsd(feeMicros),
        created_at: new Date(transaction.createdAt).toISOString(),
        transaction: {
          id: transaction.id,
          reason: transaction.description,
          amount: formatUsd(transaction.amountMicros),
        },
      })),
      pagination: paginationOf(query, total),
    },
  });
});
