import { ok } from '@control-plane/contract';
import { walletListStripePaymentIntents } from '@control-plane/contract/routes';
import { listPaymentIntents } from '@control-plane/database';
import { scopeOf } from '@control-plane/serving';
import { operation } from '../../operation.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';

export const listStripePaymentIntents = operation(
  walletListStripePaymentIntents,
  async ({ query }, context) => {
    const { rows, total } = await listPaymentIntents(context.database, scopeOf(context), 'stripe', query);
    return ok({
      message: 'Payment intents retrieved successfully',
      data: { intents: rows.map(presentPaymentIntent), total },
    });
  },
);
