import { ok } from '@control-plane/contract';
import { walletListCryptoPaymentIntents } from '@control-plane/contract/routes';
import { listPaymentIntents } from '@control-plane/database';
import { scopeOf } from '@control-plane/serving';
import { operation } from '../../operation.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';

export const listCryptoPaymentIntents = operation(
  walletListCryptoPaymentIntents,
  async ({ query }, context) => {
    const { rows, total } = await listPaymentIntents(
      context.database,
      scopeOf(context),
      'nowpayments',
      query,
    );
    return ok({
      message: 'Payment intents retrieved successfully',
      data: { intents: rows.map(presentPaymentIntent), total },
    });
  },
);
