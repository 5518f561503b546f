/**
 * Payments: what users want to pay, what providers say about it, and every word that they sent. Money itself
 * moves in the ledger only. No row refers to `users`: books outlive accounts. See docs/money.md.
 */
import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { createdAt, flag, updatedAt } from './schema-columns.ts';

const provider = () => text('provider', { enum: ['stripe', 'nowpayments', 'bank'] }).notNull();

/** One wish to add money to a general balance. */
export const paymentIntents = sqliteTable(
  'payment_intents',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    /** The realm whose host it was made on; null: the base host. */
    realmId: text('realm_id'),
    provider: provider(),
    status: text('status', {
      enum: [
        'creating',
        'pending',
        'processing',
        'completed',
        'failed',
        'expired',
        'cancelled',
        'admin_review',
      ],
    }).notNull(),
    amountCents: integer('amount_cents').notNull(),
    currency: text('currency').notNull(),
    /** The client's own key: the same one is the same intent. */
    idempotencyKey: text('idempotency_key'),
    /** Where to pay; a bank transfer has no such page. */
    redirectUrl: text('redirect_url'),
    /** What has to stand in the transfer's text (ISO 11649); bank transfers only. */
    transferReference: text('transfer_reference'),
    creditedAt: integer('credited_at'),
    expiresAt: integer('expires_at'),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('payment_intents_key').on(table.userId, table.provider, table.idempotencyKey),
    index('payment_intents_user').on(table.userId, table.provider, table.createdAt),
    index('payment_intents_open').on(table.status, table.updatedAt),
    check('payment_intents_amount', sql`${table.amountCents} > 0`),
  ],
);

/** Names that a provider uses for an intent: a Checkout session, a charge, an invoice, a reference code. */
export const paymentReferences = sqliteTable(
  'payment_references',
  {
    provider: provider(),
    reference: text('reference').notNull(),
    intentId: text('intent_id')
      .notNull()
      .references(() => paymentIntents.id),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.reference] }),
    index('payment_references_intent').on(table.intentId),
  ],
);

/**
 * What is known of an intent's money: each receipt, refund and dispute with the furthest stage and the
 * largest amount that the provider has told. Neither ever goes back, so the order of telling is of no matter.
 */
export const paymentParts = sqliteTable(
  'payment_parts',
  {
    provider: provider(),
    kind: text('kind', { enum: ['receipt', 'refund', 'refund_total', 'dispute'] }).notNull(),
    reference: text('reference').notNull(),
    intentId: text('intent_id')
      .notNull()
      .references(() => paymentIntents.id),
    stage: text('stage').notNull(),
    amountCents: integer('amount_cents').notNull(),
    updatedAt,
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.kind, table.reference] }),
    index('payment_parts_intent').on(table.intentId),
    check('payment_parts_amount', sql`${table.amountCents} >= 0`),
  ],
);

/**
 * Each change of a user's payments with the event that caused it. Its key puts the changes of one user into
 * a row: a change that was decided on old facts fails on it and is decided again.
 */
export const paymentRevisions = sqliteTable(
  'payment_revisions',
  {
    userId: text('user_id').notNull(),
    revision: integer('revision').notNull(),
    intentId: text('intent_id').notNull(),
    provider: provider(),
    eventId: text('event_id').notNull(),
    status: text('status').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.revision] }),
    index('payment_revisions_intent').on(table.intentId),
  ],
);

/** Every verified event as it was received, once. Never updated, never deleted. */
export const webhookInbox = sqliteTable(
  'webhook_inbox',
  {
    provider: provider(),
    /** The provider's own id; for one that gives none, the SHA-256 of what it signed. */
    eventId: text('event_id').notNull(),
    eventType: text('event_type').notNull(),
    body: text('body').notNull(),
    receivedAt: integer('received_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.eventId] }),
    index('webhook_inbox_time').on(table.receivedAt),
  ],
);

/** What became of an event; one in the inbox without a row here has not been dealt with. */
export const webhookOutcomes = sqliteTable(
  'webhook_outcomes',
  {
    provider: provider(),
    eventId: text('event_id').notNull(),
    /**
     * `ignored`: of a type without meaning here. `unmatched`: about a payment that nobody knows (yet).
     * `unreadable`: not of its type's shape. `failed`: nothing came of it, though it was driven again; then
     * `processedAt` is the last try. The last three may become something else later on.
     */
    outcome: text('outcome', {
      enum: ['applied', 'unchanged', 'ignored', 'unmatched', 'unreadable', 'failed'],
    }).notNull(),
    /** The provider's name of what it is about, by which an unmatched event is found again. */
    subject: text('subject'),
    intentId: text('intent_id'),
    processedAt: integer('processed_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.eventId] }),
    index('webhook_outcomes_subject').on(table.provider, table.subject),
  ],
);

/** A user as a provider knows them. */
export const paymentCustomers = sqliteTable(
  'payment_customers',
  {
    provider: provider(),
    userId: text('user_id').notNull(),
    customerId: text('customer_id').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.userId] }),
    uniqueIndex('payment_customers_customer').on(table.provider, table.customerId),
  ],
);

/** How a user likes to pay. Card numbers are never kept: a card is the provider's token of it. */
export const paymentMethods = sqliteTable(
  'payment_methods',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    type: text('type', { enum: ['credit_card', 'paypal', 'bank_transfer', 'crypto'] }).notNull(),
    name: text('name').notNull(),
    status: text('status', { enum: ['active', 'inactive'] }).notNull(),
    /** JSON object: what the user said of it, and of a card its brand, last digits and expiry. */
    detailsJson: text('details_json').notNull(),
    isDefault: flag('is_default').notNull().default(false),
    /** Stripe's `pm_…`, when it is saved there. */
    providerMethodId: text('provider_method_id'),
    createdAt,
    updatedAt,
  },
  (table) => [
    index('payment_methods_user').on(table.userId, table.createdAt),
    uniqueIndex('payment_methods_default')
      .on(table.userId)
      .where(sql`${table.isDefault} = 1`),
    uniqueIndex('payment_methods_provider').on(table.providerMethodId),
  ],
);
