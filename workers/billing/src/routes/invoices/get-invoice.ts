import { fail, ok } from '@control-plane/contract/errors';
import { walletGetInvoice } from '@control-plane/contract/routes';
import { findInvoice } from '@control-plane/database';
import { presentInvoice } from '../../invoices/present-invoice.ts';
import { operation } from '../../operation.ts';

export const getInvoice = operation(walletGetInvoice, async ({ params }, context) => {
  const found = await findInvoice(context.database, context.principal.userId, params.id);
  if (found === null) return fail('RESOURCE_NOT_FOUND', 'There is no such invoice');
  return ok({ message: 'Invoice retrieved', data: presentInvoice(found) });
});
