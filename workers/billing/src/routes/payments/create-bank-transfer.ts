import { ok } from '@control-plane/contract';
import { walletCreateBankTransfer } from '@control-plane/contract/routes';
import { openPaymentIntent } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { BANK_LIMITS } from '../../payments/bank-transfer.ts';
import { notConfigured, storeIntent } from '../../payments/open-payment.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';
import { newTransferReference } from '../../payments/transfer-reference.ts';
import { configuredProviders } from '../../providers/configured-providers.ts';
import { readAmount } from '../../wallet/read-amount.ts';

export const createBankTransfer = operation(walletCreateBankTransfer, async ({ body }, context) => {
  const { bank } = configuredProviders(context.env, context.database);
  if (bank === null) return notConfigured();
  const amount = readAmount(body.amount, BANK_LIMITS);
  if (!amount.ok) return amount;
  const stored = await storeIntent(
    context,
    'bank',
    amount.value,
    body.idempotency_key,
    newTransferReference(crypto.getRandomValues(new Uint8Array(14))),
  );
  if (!stored.ok) return stored;
  const begun = stored.value;
  const reference = begun.transferReference;
  if (reference === null) throw new Error(`the bank transfer ${begun.id} has no reference`);
  const intent = await openPaymentIntent(context.database, begun, {
    redirectUrl: null,
    expiresAt: null,
    references: [reference],
    now: Date.now(),
  });
  return ok({
    message: 'Transfer the amount with this reference',
    data: {
      intent: presentPaymentIntent(intent),
      transfer: { account_holder: bank.holder, iban: bank.iban, bic: bank.bic, reference },
    },
  });
});
