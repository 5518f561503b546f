import { ok } from '@control-plane/contract';
import { walletGetPaymentAvailability } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { BANK_LIMITS } from '../../payments/bank-transfer.ts';
import { configuredProviders } from '../../providers/configured-providers.ts';
import { walletSettings } from '../../wallet/settings.ts';

const offer = (limits: { readonly minCents: number; readonly maxCents: number } | undefined) =>
  limits === undefined
    ? { enabled: false }
    : { enabled: true, min_usd: limits.minCents / 100, max_usd: limits.maxCents / 100 };

export const getPaymentAvailability = operation(walletGetPaymentAvailability, async (_, context) => {
  const { stripe, nowpayments, bank } = configuredProviders(context.env, context.database);
  return ok({
    message: 'Payment availability retrieved successfully',
    data: {
      stripe: offer(stripe?.limits),
      nowpayments: offer(nowpayments?.limits),
      bank_transfer: offer(bank === null ? undefined : BANK_LIMITS),
      ai_credit_fee_bps: walletSettings(context.env).transferFeeBps,
    },
  });
});
