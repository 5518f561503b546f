import { TRANSACTION_TYPES, VISIBLE_TYPES } from '@control-plane/ledger';
import { and, asc, count, desc, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { ledgerTransactions } from '../schema.ts';

export type LedgerTransactionRow = typeof ledgerTransactions.$inferSelect;

export interface TransactionListOptions {
  readonly sortBy: 'id' | 'transaction_type' | 'status' | 'amount' | 'created_at' | 'updated_at';
  readonly sortOrder: 'asc' | 'desc';
  /** Lines to pass over. */
  readonly offset: number;
  readonly limit: number;
}

/** The API's word for a type, as SQL. */
const apiType = sql`case ${ledgerTransactions.type} ${sql.join(
  Object.entries(TRANSACTION_TYPES).map(([type, word]) => sql`when ${type} then ${word}`),
  sql` `,
)} end`;

/** What is in the books is complete and stays as it is: `status` is always the same, and there are no updates. */
const SORTS: Readonly<Record<TransactionListOptions['sortBy'], SQL>> = {
  id: sql`${ledgerTransactions.id}`,
  transaction_type: apiType,
  status: sql`${ledgerTransactions.createdAt}`,
  amount: sql`${ledgerTransactions.amountMicros}`,
  created_at: sql`${ledgerTransactions.createdAt}`,
  updated_at: sql`${ledgerTransactions.createdAt}`,
};

/** A page of a user's transactions, and how many there are; book-keeping between own accounts is left out. */
export async function listTransactions(
  database: Database,
  userId: string,
  { sortBy, sortOrder, offset, limit }: TransactionListOptions,
): Promise<{ rows: LedgerTransactionRow[]; total: number }> {
  const mine = and(
    eq(ledgerTransactions.userId, userId),
    inArray(ledgerTransactions.type, [...VISIBLE_TYPES]),
  );
  const order = sortOrder === 'asc' ? asc : desc;
  const [rows, [counted]] = await database.batch([
    database
      .select()
      .from(ledgerTransactions)
      .where(mine)
      .orderBy(order(SORTS[sortBy]), order(ledgerTransactions.id))
      .limit(limit)
      .offset(offset),
    database.select({ total: count() }).from(ledgerTransactions).where(mine),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

/** A transaction of a user's; null when there is none, or it is another's. */
export async function findTransaction(
  database: Database,
  userId: string,
  id: string,
): Promise<LedgerTransactionRow | null> {
  const [row] = await database
    .select()
    .from(ledgerTransactions)
    .where(and(eq(ledgerTransactions.id, id), eq(ledgerTransactions.userId, userId)));
  return row ?? null;
}

/** The transaction that was posted under a dedupe key; null when none was. */
export async function findTransactionByDedupeKey(
  database: Database,
  dedupeKey: string,
): Promise<LedgerTransactionRow | null> {
  const [row] = await database
    .select()
    .from(ledgerTransactions)
    .where(eq(ledgerTransactions.dedupeKey, dedupeKey));
  return row ?? null;
}

/** One posting as its transaction states it. */
export interface StoredPosting {
  readonly kind: string;
  readonly userId: string;
  readonly amountMicros: number;
}

/** The postings of a stored transaction, in their order. */
export function postingsOf({ id, postingsJson }: LedgerTransactionRow): StoredPosting[] {
  const stored: unknown = JSON.parse(postingsJson);
  if (!Array.isArray(stored)) throw new Error(`transaction ${id} has no postings`);
  return stored.map((posting: unknown) => {
    const [kind, userId, amountMicros]: unknown[] = Array.isArray(posting) ? posting : [];
    if (typeof kind !== 'string' || typeof userId !== 'string' || typeof amountMicros !== 'number') {
      throw new Error(`transaction ${id} has a posting that can't be read`);
    }
    return { kind, userId, amountMicros };
  });
}

export interface AiFeeRow {
  readonly line: number;
  readonly transaction: LedgerTransactionRow;
  readonly feeMicros: number;
}

export interface AiFeeListOptions {
  readonly sortBy: 'created_at' | 'amount' | 'transaction_id';
  readonly sortOrder: 'asc' | 'desc';
  readonly offset: number;
  readonly limit: number;
}

/** A page of the fees that a user has paid for transfers to AI credit, and how many there are. */
export async function listAiFees(
  database: Database,
  userId: string,
  { sortBy, sortOrder, offset, limit }: AiFeeListOptions,
): Promise<{ rows: AiFeeRow[]; total: number }> {
  const order = sortOrder === 'asc' ? asc : desc;
  const fee = sql`(select amount_micros from ledger_postings
    where transaction_id = ${ledgerTransactions.id} and account_kind = 'transfer_fees')`;
  const sort = {
    created_at: ledgerTransactions.createdAt,
    amount: fee,
    transaction_id: ledgerTransactions.id,
  };
  const mine = and(
    eq(ledgerTransactions.userId, userId),
    eq(ledgerTransactions.type, 'transfer_to_ai'),
    sql`exists ${fee}`,
  );
  const [rows, [counted]] = await database.batch([
    database
      .select()
      .from(ledgerTransactions)
      .where(mine)
      .orderBy(order(sort[sortBy]), order(ledgerTransactions.id))
      .limit(limit)
      .offset(offset),
    database.select({ total: count() }).from(ledgerTransactions).where(mine),
  ]);
  const fees = rows.map((transaction) => {
    const postings = postingsOf(transaction);
    const line = postings.findIndex(({ kind }) => kind === 'transfer_fees');
    return { line, transaction, feeMicros: postings[line]?.amountMicros ?? 0 };
  });
  return { rows: fees, total: counted?.total ?? 0 };
}
