import { fail, ok } from '@control-plane/contract';
import { walletGetCryptoPaymentIntent } from '@control-plane/contract/routes';
import { findPaymentIntent } from '@control-plane/database';
import { scopeOf } from '@control-plane/serving';
import { operation } from '../../operation.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';

export const getCryptoPaymentIntent = operation(walletGetCryptoPaymentIntent, async ({ params }, context) => {
  const intent = await findPaymentIntent(context.database, scopeOf(context), 'nowpayments', params.id);
  if (intent === null) return fail('RESOURCE_NOT_FOUND', 'Payment intent not found');
  return ok({ message: 'Payment intent retrieved successfully', data: presentPaymentIntent(intent) });
});
