import type { Operation } from '../../operation.ts';
import { downloadInvoicePdf } from './download-invoice-pdf.ts';
import { generateInvoice } from './generate-invoice.ts';
import { getInvoice } from './get-invoice.ts';
import { listInvoices } from './list-invoices.ts';

export const invoiceOperations: readonly Operation[] = [
  listInvoices,
  getInvoice,
  generateInvoice,
  downloadInvoicePdf,
];
