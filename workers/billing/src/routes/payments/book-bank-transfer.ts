import { fail, ok } from '@control-plane/contract';
import { walletBookBankTransfer } from '@control-plane/contract/routes';
import { findIntentByReference, findReceivedEvent } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { BOOKING_LIMITS, bankEvents, type BankBooking } from '../../payments/bank-transfer.ts';
import { presentPaymentIntent } from '../../payments/present-payment.ts';
import { receiveEvent } from '../../payments/receive-event.ts';
import { readTransferReference } from '../../payments/transfer-reference.ts';
import { readAmount } from '../../wallet/read-amount.ts';

export const bookBankTransfer = operation(walletBookBankTransfer, async ({ body }, context) => {
  if (!context.principal.isAdmin)
    return fail('INSUFFICIENT_PERMISSIONS', 'Only administrators book transfers');
  const amount = readAmount(body.amount, BOOKING_LIMITS);
  if (!amount.ok) return amount;
  const reference = readTransferReference(body.reference);
  const known = reference === null ? null : await findIntentByReference(context.database, 'bank', reference);
  if (reference === null || known === null) {
    return fail('RESOURCE_NOT_FOUND', 'No bank transfer has this reference');
  }
  const booking: BankBooking = {
    statement_id: body.statement_id,
    reference,
    amount_cents: amount.value,
    kind: body.kind,
  };
  const event = {
    provider: 'bank' as const,
    eventId: body.statement_id,
    eventType: `transfer.${body.kind}`,
    body: JSON.stringify(booking),
    receivedAt: Date.now(),
  };
  const outcome = await receiveEvent(context.database, bankEvents, event, event.receivedAt);
  if (outcome === 'busy') return fail('WEBHOOK_BUSY', 'Too many bookings of one account at once; try again');
  const kept = await findReceivedEvent(context.database, 'bank', body.statement_id);
  if (kept?.body !== event.body) {
    return fail('BANK_BOOKING_CONFLICT', 'This line of the statement was booked with other content');
  }
  context.log.info('bank transfer booked', { statement_id: body.statement_id, outcome });
  const intent = await findIntentByReference(context.database, 'bank', reference);
  return ok({
    message: 'Transfer booked',
    data: { intent: presentPaymentIntent(intent ?? known), replayed: outcome === 'duplicate' },
  });
});
