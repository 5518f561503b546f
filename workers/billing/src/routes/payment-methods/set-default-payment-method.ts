import { ok } from '@control-plane/contract';
import { walletSetDefaultPaymentMethod } from '@control-plane/contract/routes';
import { updatePaymentMethod } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { noSuchMethod, presentPaymentMethod } from '../../payments/present-payment-method.ts';

export const setDefaultPaymentMethod = operation(
  walletSetDefaultPaymentMethod,
  async ({ params }, { database, principal }) => {
    const row = await updatePaymentMethod(
      database,
      principal.userId,
      params.id,
      { isDefault: true },
      Date.now(),
    );
    if (row === null) return noSuchMethod();
    return ok({ message: 'Default payment method set successfully', data: presentPaymentMethod(row) });
  },
);
