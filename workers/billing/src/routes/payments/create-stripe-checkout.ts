import { ok } from '@control-plane/contract';
import { walletCreateStripeCheckout } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { openPayment } from '../../payments/open-payment.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';
import { configuredProviders } from '../../providers/configured-providers.ts';

export const createStripeCheckout = operation(walletCreateStripeCheckout, async ({ body }, context) => {
  const { stripe } = configuredProviders(context.env, context.database);
  const opened = await openPayment(context, stripe, body);
  if (!opened.ok) return opened;
  const { intent, url } = opened.value;
  return ok({
    message: 'Checkout session created',
    data: { intent: presentPaymentIntent(intent), checkout_url: url },
  });
});
