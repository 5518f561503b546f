/**
 * The ledger. Amounts are whole micro-dollars. A transaction is written by one insert that holds its
 * postings as JSON; triggers (migration `ledger_rules`) make the rows of `ledger_postings` and the balances
 * of it and refuse every other way to write them. See docs/money.md.
 */
import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { createdAt, updatedAt } from './schema-columns.ts';

/** Never updated, never deleted. */
export const ledgerTransactions = sqliteTable(
  'ledger_transactions',
  {
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    /** In whose list it stands. No reference to users: books outlive accounts. */
    userId: text('user_id').notNull(),
    description: text('description').notNull(),
    referenceType: text('reference_type'),
    referenceId: text('reference_id'),
    dedupeKey: text('dedupe_key'),
    paymentMethodId: text('payment_method_id'),
    metadataJson: text('metadata_json').notNull().default('{}'),
    /** `[[account kind, user id or "", amount], …]`. */
    postingsJson: text('postings_json').notNull(),
    amountMicros: integer('amount_micros').notNull(),
    createdAt,
  },
  (table) => [
    uniqueIndex('ledger_transactions_dedupe').on(table.dedupeKey),
    index('ledger_transactions_user').on(table.userId, table.createdAt),
    index('ledger_transactions_reference').on(table.referenceType, table.referenceId),
    check('ledger_transactions_amount', sql`${table.amountMicros} > 0`),
  ],
);

/** Made by trigger from the transaction's JSON; never updated, never deleted. */
export const ledgerPostings = sqliteTable(
  'ledger_postings',
  {
    /** Grows with each posting. */
    sequence: integer('sequence').primaryKey(),
    transactionId: text('transaction_id')
      .notNull()
      .references(() => ledgerTransactions.id),
    line: integer('line').notNull(),
    accountKind: text('account_kind').notNull(),
    userId: text('user_id').notNull(),
    amountMicros: integer('amount_micros').notNull(),
  },
  (table) => [uniqueIndex('ledger_postings_line').on(table.transactionId, table.line)],
);

/**
 * Balances, kept by trigger: a row changes by exactly the amount of its next posting (`last_posting` is that
 * posting's sequence), and by nothing else. `user_id` is empty for accounts of the house.
 */
export const ledgerAccounts = sqliteTable(
  'ledger_accounts',
  {
    kind: text('kind').notNull(),
    userId: text('user_id').notNull(),
    balanceMicros: integer('balance_micros').notNull(),
    lastPosting: integer('last_posting').notNull(),
    createdAt,
    updatedAt,
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.userId] }),
    index('ledger_accounts_user').on(table.userId),
    check(
      'ledger_accounts_sign',
      sql`case when ${table.kind} = 'user_receivable' then ${table.balanceMicros} <= 0
        when ${table.kind} in ('user_general', 'user_general_held', 'user_ai', 'user_ai_held', 'user_ai_spent') then ${table.balanceMicros} >= 0
        else 1 end`,
    ),
  ],
);

/** AI credit set aside for a call under way; what became of it when it is no longer `open`. */
export const aiReservations = sqliteTable(
  'ai_reservations',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    /** Who spends, as the caller names itself. */
    service: text('service').notNull(),
    heldMicros: integer('held_micros').notNull(),
    spentMicros: integer('spent_micros'),
    state: text('state', { enum: ['open', 'settled', 'released', 'expired'] }).notNull(),
    expiresAt: integer('expires_at').notNull(),
    createdAt,
    updatedAt,
  },
  (table) => [
    index('ai_reservations_user').on(table.userId, table.createdAt),
    index('ai_reservations_expiry').on(table.state, table.expiresAt),
  ],
);

/** One bonus for each identity at a provider, and for each account. */
export const bonusClaims = sqliteTable(
  'bonus_claims',
  {
    provider: text('provider', { enum: ['github'] }).notNull(),
    subject: text('subject').notNull(),
    userId: text('user_id').notNull(),
    transactionId: text('transaction_id')
      .notNull()
      .references(() => ledgerTransactions.id),
    amountMicros: integer('amount_micros').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.subject] }),
    uniqueIndex('bonus_claims_user').on(table.provider, table.userId),
  ],
);

/** Never updated, never deleted; numbers of a year have no gaps (trigger). */
export const invoices = sqliteTable(
  'invoices',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    transactionId: text('transaction_id')
      .notNull()
      .references(() => ledgerTransactions.id),
    year: integer('year').notNull(),
    number: integer('number').notNull(),
    invoiceNumber: text('invoice_number').notNull(),
    status: text('status', { enum: ['paid'] }).notNull(),
    amountMicros: integer('amount_micros').notNull(),
    currency: text('currency').notNull(),
    /** Seller, buyer, lines and tax as they were on the day. */
    documentJson: text('document_json').notNull(),
    issueDate: integer('issue_date').notNull(),
    dueDate: integer('due_date').notNull(),
    paidDate: integer('paid_date'),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('invoices_transaction').on(table.transactionId),
    uniqueIndex('invoices_number').on(table.year, table.number),
    uniqueIndex('invoices_invoice_number').on(table.invoiceNumber),
    index('invoices_user').on(table.userId, table.createdAt),
  ],
);

/** An invoice's PDF, made once. */
export const invoicePdfs = sqliteTable('invoice_pdfs', {
  invoiceId: text('invoice_id')
    .primaryKey()
    .references(() => invoices.id),
  /** Base64: the wire of both databases carries text without a conversion. */
  pdfBase64: text('pdf_base64').notNull(),
  /** SHA-256 of the bytes, hex. */
  sha256: text('sha256').notNull(),
  createdAt,
});
