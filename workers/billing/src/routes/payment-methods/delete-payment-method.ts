import { ok } from '@control-plane/contract';
import { walletDeletePaymentMethod } from '@control-plane/contract/routes';
import { deletePaymentMethod as removePaymentMethod, findPaymentMethod } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { noSuchMethod } from '../../payments/present-payment-method.ts';
import { configuredProviders } from '../../providers/configured-providers.ts';

export const deletePaymentMethod = operation(walletDeletePaymentMethod, async ({ params }, context) => {
  const { database, principal } = context;
  const row = await findPaymentMethod(database, principal.userId, params.id);
  if (row === null) return noSuchMethod();
  if (row.providerMethodId !== null) {
    // First where it could be charged; where Stripe is no longer configured there is nobody left to tell.
    const { stripe } = configuredProviders(context.env, database);
    const forgotten = await stripe?.forgetMethod(row.providerMethodId);
    if (forgotten?.ok === false) return forgotten;
  }
  await removePaymentMethod(database, principal.userId, params.id);
  return ok({ message: 'Payment method deleted successfully', data: null });
});
