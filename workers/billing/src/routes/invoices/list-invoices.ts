import { ok } from '@control-plane/contract/errors';
import { walletListInvoices } from '@control-plane/contract/routes';
import { INVOICE_FIELDS, listInvoices as listRows } from '@control-plane/database';
import { parseInvoiceFilter } from '../../invoices/parse-filter.ts';
import { presentInvoiceItem } from '../../invoices/present-invoice.ts';
import { operation } from '../../operation.ts';
import { offsetOf, paginationOf } from '../../wallet/paging.ts';

export const listInvoices = operation(walletListInvoices, async ({ query }, context) => {
  const conditions = parseInvoiceFilter(query.filter);
  if (!conditions.ok) return conditions;
  const { limit, sort_order: sortOrder } = query;
  const { rows, total } = await listRows(context.database, context.principal.userId, {
    conditions: conditions.value,
    // The contract replaces what it doesn't know in silence.
    sortBy: INVOICE_FIELDS.find((field) => field === query.sort_by) ?? 'created_at',
    sortOrder,
    offset: offsetOf(query),
    limit,
  });
  return ok({
    message: 'Invoices retrieved',
    data: {
      invoices: rows.map(presentInvoiceItem),
      pagination: paginationOf(query, total),
    },
  });
});
