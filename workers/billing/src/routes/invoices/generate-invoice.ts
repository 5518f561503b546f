import { fail, ok } from '@control-plane/contract/errors';
import { walletGenerateInvoice } from '@control-plane/contract/routes';
import { createInvoice, findTransaction, findUser } from '@control-plane/database';
import { composeDocument, isInvoiceable, readSeller } from '../../invoices/invoice-document.ts';
import { operation } from '../../operation.ts';
import { CURRENCY } from '../../wallet/present-transaction.ts';

export const generateInvoice = operation(walletGenerateInvoice, async ({ params }, context) => {
  const { database, principal, seedId } = context;
  const [transaction, user] = await Promise.all([
    findTransaction(database, principal.userId, params.id),
    findUser(database, principal.userId),
  ]);
  if (transaction === null || user === null) {
    return fail('RESOURCE_NOT_FOUND', 'There is no such transaction');
  }
  if (!isInvoiceable(transaction)) {
    return fail('TRANSACTION_NOT_INVOICEABLE', 'Nothing was bought by this transaction');
  }
  const seller = readSeller(context.env.INVOICE_SELLER);
  if (seller === null) return fail('SERVICE_UNAVAILABLE', 'Invoices are not set up on this server');
  const invoice = await createInvoice(database, {
    id: seedId,
    userId: principal.userId,
    transactionId: transaction.id,
    amountMicros: transaction.amountMicros,
    currency: CURRENCY,
    documentJson: JSON.stringify(composeDocument(transaction, user, seller)),
    paidDate: transaction.createdAt,
    now: Date.now(),
  });
  return ok({
    message: 'Invoice generated',
    data: { invoice_id: invoice.id, invoice_number: invoice.invoiceNumber },
  });
});
