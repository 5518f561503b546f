import { fail, ok } from '@control-plane/contract/errors';
import { walletGetTransaction } from '@control-plane/contract/routes';
import { findTransaction } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentTransaction } from '../../wallet/present-transaction.ts';

export const getTransaction = operation(walletGetTransaction, async ({ params }, context) => {
  const row = await findTransaction(context.database, context.principal.userId, params.id);
  if (row === null) return fail('RESOURCE_NOT_FOUND', 'There is no such transaction');
  return ok({ message: 'Transaction retrieved', data: presentTransaction(row) });
});
