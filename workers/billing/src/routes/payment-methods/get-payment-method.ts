import { ok } from '@control-plane/contract';
import { walletGetPaymentMethod } from '@control-plane/contract/routes';
import { findPaymentMethod } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { noSuchMethod, presentPaymentMethod } from '../../payments/present-payment-method.ts';

export const getPaymentMethod = operation(walletGetPaymentMethod, async ({ params }, context) => {
  const row = await findPaymentMethod(context.database, context.principal.userId, params.id);
  if (row === null) return noSuchMethod();
  return ok({ message: 'Payment method retrieved successfully', data: presentPaymentMethod(row) });
});
