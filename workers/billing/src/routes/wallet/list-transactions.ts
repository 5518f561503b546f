import { ok } from '@control-plane/contract/errors';
import { walletListTransactions } from '@control-plane/contract/routes';
import { listTransactions as listRows } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { offsetOf, paginationOf } from '../../wallet/paging.ts';
import { presentTransaction } from '../../wallet/present-transaction.ts';

export const listTransactions = operation(walletListTransactions, async ({ query }, context) => {
  const { limit, sort_by: sortBy, sort_order: sortOrder } = query;
  const { rows, total } = await listRows(context.database, context.principal.userId, {
    offset: offsetOf(query),
    limit,
    sortBy,
    sortOrder,
  });
  return ok({
    message: 'Transactions retrieved',
    data: {
      transactions: rows.map(presentTransaction),
      pagination: paginationOf(query, total),
    },
  });
});
