import type { RouteData } from '@control-plane/contract';
import type { walletGetInvoice, walletListInvoices } from '@control-plane/contract/routes';
import type { InvoiceWithTransaction } from '@control-plane/database';
import { usdOfMicros } from '@control-plane/ledger';
import { CURRENCY, typeWord } from '../wallet/present-transaction.ts';
import { parseDocument } from './invoice-document.ts';

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** An invoice as a list shows it. */
export function presentInvoiceItem({
  invoice,
  transaction,
}: InvoiceWithTransaction): RouteData<typeof walletListInvoices>['invoices'][number] {
  return {
    id: invoice.id,
    user_id: invoice.userId,
    transaction_id: invoice.transactionId,
    invoice_number: invoice.invoiceNumber,
    status: invoice.status,
    amount: usdOfMicros(invoice.amountMicros),
    currency: invoice.currency,
    issue_date: iso(invoice.issueDate),
    due_date: iso(invoice.dueDate),
    paid_date: invoice.paidDate === null ? null : iso(invoice.paidDate),
    created_at: iso(invoice.createdAt),
    updated_at: iso(invoice.updatedAt),
    transaction: {
      id: transaction.id,
      transaction_type: typeWord(transaction.type),
      status: 'completed',
      amount: usdOfMicros(transaction.amountMicros),
      currency: CURRENCY,
      created_at: iso(transaction.createdAt),
    },
  };
}

/** A whole invoice. */
export function presentInvoice(found: InvoiceWithTransaction): RouteData<typeof walletGetInvoice> {
  const document = parseDocument(found.invoice.documentJson);
  const items = document.lines.map(({ type, description, amount_micros }) => ({
    type,
    description,
    amount: usdOfMicros(amount_micros),
  }));
  if (document.tax_micros > 0) {
    items.push({ type: 'tax', description: 'Tax', amount: usdOfMicros(document.tax_micros) });
  }
  return {
    ...presentInvoiceItem(found),
    billing_details: {
      payment_method: document.payment_method,
      payment_method_type: document.payment_method_type,
      credit_type: document.credit_type,
      ...(document.fee_bps === null ? {} : { fee_bps: document.fee_bps }),
      gross_amount: usdOfMicros(document.total_micros),
      net_amount: usdOfMicros(document.total_micros - document.fee_micros),
      fee_amount: usdOfMicros(document.fee_micros),
      pay_currency: found.invoice.currency,
      amount_paid: usdOfMicros(document.total_micros),
    },
    items,
  };
}
