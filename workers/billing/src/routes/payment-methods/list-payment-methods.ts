import { ok } from '@control-plane/contract';
import { walletListPaymentMethods } from '@control-plane/contract/routes';
import { listPaymentMethods as findPaymentMethods } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentPaymentMethod } from '../../payments/present-payment-method.ts';

export const listPaymentMethods = operation(walletListPaymentMethods, async (_, context) => {
  const rows = await findPaymentMethods(context.database, context.principal.userId);
  return ok({
    message: 'Payment methods retrieved successfully',
    data: rows.map(presentPaymentMethod),
  });
});
