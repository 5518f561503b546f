/** Money of one user, for the rows of the matrix that name a transaction or an invoice. */
import { newObjectId, secureRandom } from '@control-plane/auth';
import { postTransaction } from '@control-plane/database';
import { topUp } from '@control-plane/ledger';
import type { World } from './world.ts';

export interface PaidInvoice {
  readonly transactionId: string;
  readonly invoiceId: string;
}

/** Books a payment of the user's and makes its invoice. */
export async function payAndInvoice(
  { database, send }: World,
  userId: string,
  authorization: string,
): Promise<PaidInvoice> {
  const transactionId = newObjectId(secureRandom);
  const refusal = await postTransaction(
    database,
    topUp({
      id: transactionId,
      userId,
      provider: 'bank',
      cents: 1000,
      description: 'Bank transfer',
      now: Date.now(),
    }),
  );
  if (refusal !== null) throw new Error(`the payment was refused: ${refusal}`);
  const path = `/api/v1/wallet/invoices/generate/${transactionId}`;
  const made = await send({ method: 'POST', path, authorization });
  const invoiceId: unknown = Reflect.get(Object(Reflect.get(Object(made.json), 'data')), 'invoice_id');
  if (typeof invoiceId !== 'string') throw new Error(`no invoice was made: ${made.text}`);
  return { transactionId, invoiceId };
}
