import { ok } from '@control-plane/contract';
import { walletUpdatePaymentMethod } from '@control-plane/contract/routes';
import { updatePaymentMethod as changePaymentMethod } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { holdsCardNumber } from '../../payments/card-number.ts';
import {
  cardNumberForbidden,
  noSuchMethod,
  presentPaymentMethod,
} from '../../payments/present-payment-method.ts';

export const updatePaymentMethod = operation(walletUpdatePaymentMethod, async ({ params, body }, context) => {
  const { details, status, is_default: isDefault } = body;
  if (holdsCardNumber(details)) return cardNumberForbidden();
  const row = await changePaymentMethod(
    context.database,
    context.principal.userId,
    params.id,
    {
      ...(details === undefined ? {} : { detailsJson: JSON.stringify(details) }),
      ...(status === undefined ? {} : { status }),
      ...(isDefault === undefined ? {} : { isDefault }),
    },
    Date.now(),
  );
  if (row === null) return noSuchMethod();
  return ok({ message: 'Payment method updated successfully', data: presentPaymentMethod(row) });
});
