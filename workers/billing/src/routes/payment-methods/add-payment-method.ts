import { fail, ok } from '@control-plane/contract';
import { walletAddPaymentMethod } from '@control-plane/contract/routes';
import { addPaymentMethod as insertPaymentMethod } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { holdsCardNumber } from '../../payments/card-number.ts';
import { digestId } from '../../payments/digest-id.ts';
import { notConfigured } from '../../payments/open-payment.ts';
import { cardNumberForbidden, presentPaymentMethod } from '../../payments/present-payment-method.ts';
import { configuredProviders } from '../../providers/configured-providers.ts';

export const addPaymentMethod = operation(walletAddPaymentMethod, async ({ body }, context) => {
  const { name, type, details = {}, is_default: isDefault = false } = body;
  if (holdsCardNumber(details) || holdsCardNumber(name)) return cardNumberForbidden();
  const { userId, email } = context.principal;
  const token = details['payment_method_id'];
  let shown: Record<string, unknown> = details;
  let providerMethodId: string | null = null;
  if (typeof token === 'string' && type === 'credit_card') {
    const { stripe } = configuredProviders(context.env, context.database);
    if (stripe === null) return notConfigured();
    const saved = await stripe.saveMethod(token, { userId, email });
    if (!saved.ok) return saved;
    providerMethodId = token;
    shown = { ...details, ...saved.value.details };
  }
  const row = await insertPaymentMethod(context.database, {
    // The webhook that tells of the same card uses the same id.
    id: providerMethodId === null ? context.seedId : digestId(`payment method ${providerMethodId}`),
    userId,
    type,
    name,
    detailsJson: JSON.stringify(shown),
    isDefault,
    providerMethodId,
    createdAt: Date.now(),
  });
  if (row === null) return fail('PAYMENT_METHOD_LIMIT_REACHED', 'There are too many payment methods');
  return ok({ message: 'Payment method added successfully', data: presentPaymentMethod(row) });
});
