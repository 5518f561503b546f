import { type RouteDefinition, defineRoute } from '../route.ts';
import * as invoice from '../schemas/invoice.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'wallet';

export const walletListInvoices = defineRoute({
  operationId: 'wallet.listInvoices',
  method: 'GET',
  path: '/api/v1/wallet/invoices/',
  tag,
  summary: 'List invoices',
  auth: 'bearer',
  permission: 'financial.billing.read',
  query: invoice.ListInvoicesQuery,
  success: [200],
  data: invoice.InvoiceListData,
  errors: [],
});

export const walletGetInvoice = defineRoute({
  operationId: 'wallet.getInvoice',
  method: 'GET',
  path: '/api/v1/wallet/invoices/{id}',
  tag,
  summary: 'Get an invoice',
  auth: 'bearer',
  permission: 'financial.billing.read',
  params: IdParams,
  success: [200],
  data: invoice.Invoice,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const walletGenerateInvoice = defineRoute({
  operationId: 'wallet.generateInvoice',
  method: 'POST',
  path: '/api/v1/wallet/invoices/generate/{id}',
  tag,
  summary: 'Make the invoice of a transaction; a second time, the same one is answered',
  auth: 'bearer',
  permission: 'financial.billing.read',
  params: IdParams,
  success: [200],
  data: invoice.GeneratedInvoice,
  errors: ['RESOURCE_NOT_FOUND', 'TRANSACTION_NOT_INVOICEABLE'],
});

export const walletDownloadInvoicePdf = defineRoute({
  operationId: 'wallet.downloadInvoicePdf',
  method: 'GET',
  path: '/api/v1/wallet/invoices/{id}/pdf',
  tag,
  summary: 'Get an invoice as PDF',
  auth: 'bearer',
  permission: 'financial.billing.download_invoices',
  params: IdParams,
  success: [200],
  contentType: 'application/pdf',
  errors: ['RESOURCE_NOT_FOUND'],
});

export const INVOICE_ROUTES: readonly RouteDefinition[] = [
  walletListInvoices,
  walletGetInvoice,
  walletGenerateInvoice,
  walletDownloadInvoicePdf,
];
