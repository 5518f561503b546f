import { createHash } from 'node:crypto';
import { fail } from '@control-plane/contract/errors';
import { walletDownloadInvoicePdf } from '@control-plane/contract/routes';
import {
  findInvoice,
  findInvoicePdf,
  keepInvoicePdf,
  type Database,
  type InvoiceRow,
  type StoredPdf,
} from '@control-plane/database';
import { parseDocument } from '../../invoices/invoice-document.ts';
import { operation } from '../../operation.ts';

export const downloadInvoicePdf = operation(walletDownloadInvoicePdf, async ({ params }, context) => {
  const { database, principal, request } = context;
  const found = await findInvoice(database, principal.userId, params.id);
  if (found === null) return fail('RESOURCE_NOT_FOUND', 'There is no such invoice');
  const { invoice } = found;
  const pdf = (await findInvoicePdf(database, invoice.id)) ?? (await makePdf(database, invoice));
  const headers = {
    etag: `"${pdf.sha256}"`,
    'cache-control': 'private, no-cache',
    vary: 'authorization',
  };
  if (matches(request.headers.get('if-none-match'), headers.etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(Buffer.from(pdf.pdfBase64, 'base64'), {
    headers: {
      ...headers,
      'content-type': 'application/pdf',
      'content-disposition': `attachment; filename="${invoice.invoiceNumber}.pdf"`,
    },
  });
});

/** Makes the PDF and keeps it; when two do so at once, both answer the one that was kept. */
async function makePdf(database: Database, invoice: InvoiceRow): Promise<StoredPdf> {
  // Loaded when needed: most isolates never print, and all of them would pay for it at their start.
  const { renderInvoicePdf } = await import('../../invoices/render-pdf.ts');
  const bytes = await renderInvoicePdf({
    invoiceNumber: invoice.invoiceNumber,
    issueDate: invoice.issueDate,
    paidDate: invoice.paidDate,
    currency: invoice.currency,
    document: parseDocument(invoice.documentJson),
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pdfBase64 = Buffer.from(bytes).toString('base64');
  return keepInvoicePdf(database, invoice.id, { pdfBase64, sha256 }, Date.now());
}

/** RFC 9110 section 13.1.2: a list of tags, weak or not, or `*`. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === etag);
}
