import { and, asc, count, desc, eq, getTableColumns, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { invoicePdfs, invoices, ledgerTransactions } from '../schema.ts';
import type { LedgerTransactionRow } from './transactions.ts';

export type InvoiceRow = typeof invoices.$inferSelect;

export interface NewInvoice {
  readonly id: string;
  readonly userId: string;
  readonly transactionId: string;
  readonly amountMicros: number;
  readonly currency: string;
  /** Seller, buyer, lines and tax. */
  readonly documentJson: string;
  readonly paidDate: number;
  readonly now: number;
}

/**
 * Makes the invoice of a transaction with the year's next number, or finds the one that there is: number and
 * invoice come about in one statement, so that numbers have no gaps and no doubles under any concurrency.
 */
export async function createInvoice(database: Database, invoice: NewInvoice): Promise<InvoiceRow> {
  const { id, userId, transactionId, amountMicros, currency, documentJson, paidDate, now } = invoice;
  const year = new Date(now).getUTCFullYear();
  const [, [row]] = await database.batch([
    database.run(sql`
      insert into ${invoices} (id, user_id, transaction_id, year, number, invoice_number, status, amount_micros,
        currency, document_json, issue_date, due_date, paid_date, created_at, updated_at)
      select ${id}, ${userId}, ${transactionId}, ${year}, next, printf('INV-%d-%06d', ${year}, next), 'paid',
        ${amountMicros}, ${currency}, ${documentJson}, ${now}, ${now}, ${paidDate}, ${now}, ${now}
      from (select coalesce(max(number), 0) + 1 as next from ${invoices} where year = ${year})
      where not exists (select 1 from ${invoices} where transaction_id = ${transactionId})`),
    database.select().from(invoices).where(eq(invoices.transactionId, transactionId)),
  ]);
  if (row === undefined) throw new Error(`transaction ${transactionId} has no invoice after one was made`);
  return row;
}

/** An invoice with the transaction that it is for. */
export interface InvoiceWithTransaction {
  readonly invoice: InvoiceRow;
  readonly transaction: LedgerTransactionRow;
}

const joined = { invoice: getTableColumns(invoices), transaction: getTableColumns(ledgerTransactions) };

/** An invoice of a user's; null when there is none, or it is another's. */
export async function findInvoice(
  database: Database,
  userId: string,
  id: string,
): Promise<InvoiceWithTransaction | null> {
  const [row] = await database
    .select(joined)
    .from(invoices)
    .innerJoin(ledgerTransactions, eq(ledgerTransactions.id, invoices.transactionId))
    .where(and(eq(invoices.id, id), eq(invoices.userId, userId)));
  return row ?? null;
}

/** What invoices are sorted and filtered by. */
export const INVOICE_FIELDS = [
  'id',
  'invoice_number',
  'status',
  'amount',
  'currency',
  'issue_date',
  'due_date',
  'paid_date',
  'created_at',
  'updated_at',
  'user_id',
  'transaction_id',
] as const;
export type InvoiceField = (typeof INVOICE_FIELDS)[number];

const COLUMNS = {
  id: invoices.id,
  invoice_number: invoices.invoiceNumber,
  status: invoices.status,
  amount: invoices.amountMicros,
  currency: invoices.currency,
  issue_date: invoices.issueDate,
  due_date: invoices.dueDate,
  paid_date: invoices.paidDate,
  created_at: invoices.createdAt,
  updated_at: invoices.updatedAt,
  user_id: invoices.userId,
  transaction_id: invoices.transactionId,
} as const satisfies Record<InvoiceField, unknown>;

type Comparable = string | number;
/** One condition of a list; values as they are stored: micro-dollars, Unix milliseconds, texts. */
export type InvoiceCondition =
  | {
      readonly field: InvoiceField;
      readonly operator: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte';
      readonly value: Comparable | null;
    }
  | { readonly field: InvoiceField; readonly operator: 'like'; readonly value: string }
  | { readonly field: InvoiceField; readonly operator: 'in'; readonly value: readonly Comparable[] };

const COMPARISONS = {
  eq: sql`is`,
  ne: sql`is not`,
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
} as const;

function conditionSql(condition: InvoiceCondition): SQL {
  const column = COLUMNS[condition.field];
  switch (condition.operator) {
    case 'like':
      return sql`${column} like ${condition.value}`;
    case 'in':
      return condition.value.length === 0
        ? sql`0`
        : sql`${column} in (${sql.join(
            condition.value.map((value) => sql`${value}`),
            sql`, `,
          )})`;
    default:
      return sql`${column} ${COMPARISONS[condition.operator]} ${condition.value}`;
  }
}

export interface InvoiceListOptions {
  readonly conditions: readonly InvoiceCondition[];
  readonly sortBy: InvoiceField;
  readonly sortOrder: 'asc' | 'desc';
  readonly offset: number;
  readonly limit: number;
}

/** A page of a user's invoices, and how many fit the conditions. */
export async function listInvoices(
  database: Database,
  userId: string,
  { conditions, sortBy, sortOrder, offset, limit }: InvoiceListOptions,
): Promise<{ rows: InvoiceWithTransaction[]; total: number }> {
  const order = sortOrder === 'asc' ? asc : desc;
  const wanted = and(eq(invoices.userId, userId), ...conditions.map(conditionSql));
  const [rows, [counted]] = await database.batch([
    database
      .select(joined)
      .from(invoices)
      .innerJoin(ledgerTransactions, eq(ledgerTransactions.id, invoices.transactionId))
      .where(wanted)
      .orderBy(order(COLUMNS[sortBy]), order(invoices.id))
      .limit(limit)
      .offset(offset),
    database.select({ total: count() }).from(invoices).where(wanted),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

export interface StoredPdf {
  readonly pdfBase64: string;
  /** Of the bytes, hex. */
  readonly sha256: string;
}

/** The PDF of an invoice as it was first made; null: none was made yet. */
export async function findInvoicePdf(database: Database, invoiceId: string): Promise<StoredPdf | null> {
  const [row] = await database.select().from(invoicePdfs).where(eq(invoicePdfs.invoiceId, invoiceId));
  return row ?? null;
}

/** Keeps an invoice's PDF. The first one stays: what comes back is what is kept. */
export async function keepInvoicePdf(
  database: Database,
  invoiceId: string,
  pdf: StoredPdf,
  now: number,
): Promise<StoredPdf> {
  const [, [row]] = await database.batch([
    database
      .insert(invoicePdfs)
      .values({ invoiceId, ...pdf, createdAt: now })
      .onConflictDoNothing(),
    database.select().from(invoicePdfs).where(eq(invoicePdfs.invoiceId, invoiceId)),
  ]);
  if (row === undefined) throw new Error(`invoice ${invoiceId} has no PDF after one was kept`);
  return row;
}
