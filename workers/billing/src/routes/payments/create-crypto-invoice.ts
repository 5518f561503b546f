import { ok } from '@control-plane/contract';
import { walletCreateCryptoInvoice } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { openPayment } from '../../payments/open-payment.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';
import { configuredProviders } from '../../providers/configured-providers.ts';

export const createCryptoInvoice = operation(walletCreateCryptoInvoice, async ({ body }, context) => {
  const { nowpayments } = configuredProviders(context.env, context.database);
  const opened = await openPayment(context, nowpayments, body);
  if (!opened.ok) return opened;
  const { intent, url } = opened.value;
  return ok({
    message: 'Crypto invoice created',
    data: { intent: presentPaymentIntent(intent), invoice_url: url },
  });
});
