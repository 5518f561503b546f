import type { RouteData } from '@control-plane/contract';
import type { walletGetTransaction } from '@control-plane/contract/routes';
import { postingsOf, type LedgerTransactionRow } from '@control-plane/database';
import { isTransactionType, TRANSACTION_TYPES, usdOfMicros } from '@control-plane/ledger';

type WalletTransaction = RouteData<typeof walletGetTransaction>;
type Detail = WalletTransaction['details'][number];

export const CURRENCY = 'USD';

const CREDIT_TYPES: Readonly<Record<string, Detail['credit_type']>> = {
  user_general: 'general',
  user_ai: 'ai',
  transfer_fees: 'fee',
};

/** The id of one line of a transaction: made of the transaction's, so that it stays the same. */
export function lineId(transactionId: string, line: number): string {
  return `${transactionId.slice(0, 22)}${line.toString(16).padStart(2, '0')}`;
}

/** The API's word for a type; book-keeping that no list shows reads as an adjustment. */
export function typeWord(type: string): WalletTransaction['transaction_type'] {
  if (!isTransactionType(type)) throw new Error(`there is a transaction of the unknown type ${type}`);
  const word = TRANSACTION_TYPES[type];
  return word === 'hidden' ? 'adjustment' : word;
}

/** A transaction as the API shows it to its user: only lines of that user's balances, and fees. */
export function presentTransaction(row: LedgerTransactionRow): WalletTransaction {
  const createdAt = new Date(row.createdAt).toISOString();
  const details: Detail[] = [];
  for (const [line, { kind, userId, amountMicros }] of postingsOf(row).entries()) {
    const creditType = CREDIT_TYPES[kind];
    if (creditType === undefined || (userId !== '' && userId !== row.userId)) continue;
    details.push({
      id: lineId(row.id, line),
      transaction_id: row.id,
      credit_type: creditType,
      amount: usdOfMicros(amountMicros),
      created_at: createdAt,
    });
  }
  return {
    id: row.id,
    user_id: row.userId,
    payment_method_id: row.paymentMethodId,
    transaction_type: typeWord(row.type),
    status: 'completed',
    amount: usdOfMicros(row.amountMicros),
    currency: CURRENCY,
    reason: row.description,
    metadata: metadataOf(row),
    created_at: createdAt,
    updated_at: createdAt,
    details,
  };
}

/** What is known beside the amounts: the kind of transaction, and what it was for. */
function metadataOf({ type, metadataJson, referenceType, referenceId }: LedgerTransactionRow) {
  const stored: unknown = JSON.parse(metadataJson);
  return {
    ...(typeof stored === 'object' ? stored : {}),
    kind: type,
    ...(referenceType === null ? {} : { reference_type: referenceType, reference_id: referenceId }),
  };
}
