import { ownerOf, type LedgerTransaction } from '@control-plane/ledger';
import { sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { ledgerTransactions } from '../schema.ts';
import { ledgerRefusal, type LedgerRefusalCode } from './ledger-refusal.ts';

/**
 * The one statement that posts a transaction, for a batch with what it pays for: its postings and the
 * balances follow by trigger, so that all of it happens or none. When a rule of the ledger is broken the
 * whole batch fails (see {@link ledgerRefusal}).
 *
 * @param condition nothing is posted when it is false, for example `changes() > 0` behind a conditional
 *   change of one's own; `rowsAffected` tells which it was
 */
export function ledgerStatement(database: Database, transaction: LedgerTransaction, condition: SQL = sql`1`) {
  const { id, type, userId, description, reference, amountMicros, now } = transaction;
  const postings = transaction.postings.map(({ account, amountMicros: amount }) => [
    account.kind,
    ownerOf(account),
    amount,
  ]);
  return database.run(sql`
    insert into ${ledgerTransactions} (id, type, user_id, description, reference_type, reference_id, dedupe_key,
      payment_method_id, metadata_json, postings_json, amount_micros, created_at)
    select ${id}, ${type}, ${userId}, ${description}, ${reference?.type ?? null}, ${reference?.id ?? null},
      ${transaction.dedupeKey ?? null}, ${transaction.paymentMethodId ?? null},
      ${JSON.stringify(transaction.metadata ?? {})}, ${JSON.stringify(postings)}, ${amountMicros}, ${now}
    where ${condition}`);
}

/** Posts a transaction by itself. Null: done; otherwise why not, and nothing has changed. */
export async function postTransaction(
  database: Database,
  transaction: LedgerTransaction,
): Promise<LedgerRefusalCode | null> {
  try {
    await ledgerStatement(database, transaction);
    return null;
  } catch (error) {
    const refusal = ledgerRefusal(error);
    if (refusal === null) throw error;
    return refusal;
  }
}
