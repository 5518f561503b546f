/** The part of the relational schema that tells which servers are for rent, and who rents them: see schema.ts for its conventions. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { users } from './schema-accounts.ts';
import { createdAt, flag, updatedAt } from './schema-columns.ts';
import { images, servers } from './schema-servers.ts';

/** A server that may be rented, whole (`slots` 1) or by several users at once. */
export const marketListings = sqliteTable('market_listings', {
  serverId: text('server_id')
    .primaryKey()
    .references(() => servers.id, { onDelete: 'cascade' }),
  /** False: not for new rentals; running ones go on and may be extended. */
  isListed: flag('is_listed').notNull().default(true),
  slots: integer('slots').notNull().default(1),
  isFeatured: flag('is_featured').notNull().default(false),
  popularityRank: integer('popularity_rank'),
  model: text('model'),
  isVm: flag('is_vm').notNull().default(false),
  /** ServerSpecs of packages/rentals; null: what the host says of itself. */
  specsJson: text('specs_json'),
  /** Days to cents. */
  pricesJson: text('prices_json').notNull(),
  setupFeeCents: integer('setup_fee_cents').notNull().default(0),
  setupTimeMinutes: integer('setup_time_minutes').notNull().default(0),
  /** For how long after its end a rental keeps its place. */
  holdDays: integer('hold_days').notNull().default(7),
  /** MeteringRates of packages/rentals; null: a flat rate. */
  meteringJson: text('metering_json'),
  createdAt,
  updatedAt,
});

/** A trigger refuses an insert when the server is not listed or all its slots are taken. */
export const rentals = sqliteTable(
  'rentals',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    /** The realm in which it was rented: elsewhere but on the base host it is not seen. Null: seen there only. */
    realmId: text('realm_id'),
    serverId: text('server_id')
      .notNull()
      .references(() => servers.id),
    poolId: text('pool_id'),
    /** `expired`: past its end, its place still kept. `ended`: its place is free. */
    status: text('status', { enum: ['active', 'expired', 'ended'] }).notNull(),
    startsAt: integer('starts_at').notNull(),
    endsAt: integer('ends_at').notNull(),
    holdDays: integer('hold_days').notNull(),
    /** All terms together. */
    rentalCents: integer('rental_cents').notNull(),
    setupFeeCents: integer('setup_fee_cents').notNull(),
    /** Days to cents, as they were at the beginning; null: renewals cost what they cost then. */
    renewalPricesJson: text('renewal_prices_json'),
    /** The ledger transaction that paid the first term; null: it was free. */
    transactionId: text('transaction_id'),
    /** The nearest warning of the end that was given, in milliseconds before it. */
    warnedMs: integer('warned_ms'),
    /** The rates at the beginning; null: a flat rate. */
    meteringJson: text('metering_json'),
    /** Usage is posted up to here. */
    meteredUntil: integer('metered_until').notNull(),
    /** Usage that is less than a cent, in units of packages/rentals, carried to the next span. */
    carriedUnits: integer('carried_units').notNull().default(0),
    /** Usage that is still to be charged. */
    dueCents: integer('due_cents').notNull().default(0),
    /** Since when usage could not be paid. */
    suspendedAt: integer('suspended_at'),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('rentals_living')
      .on(table.serverId, table.userId)
      .where(sql`status <> 'ended'`),
    index('rentals_user').on(table.userId, table.createdAt),
    index('rentals_server').on(table.serverId, table.status),
    index('rentals_course').on(table.status, table.endsAt),
  ],
);

/** A kind of server that is delivered after it was ordered. A trigger counts `stock` down and refuses at 0. */
export const serverOffers = sqliteTable('server_offers', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  isActive: flag('is_active').notNull().default(true),
  country: text('country').notNull(),
  region: text('region'),
  city: text('city'),
  datacenter: text('datacenter'),
  /** ServerSpecs of packages/rentals. */
  specsJson: text('specs_json').notNull(),
  pricesJson: text('prices_json').notNull(),
  /** From how many days on: days that its place is kept after its end, or cents of setup fee. */
  holdRulesJson: text('hold_rules_json'),
  setupFeeCents: integer('setup_fee_cents').notNull().default(0),
  setupFeeRulesJson: text('setup_fee_rules_json'),
  /** 0 for what is in stock, else 1 to 720. */
  deliveryHours: integer('delivery_hours').notNull(),
  setupTimeMinutes: integer('setup_time_minutes').notNull().default(0),
  /** null: any number. */
  stock: integer('stock'),
  createdAt,
  updatedAt,
});

/** An order of an offer, paid when it is made. */
export const offerReservations = sqliteTable(
  'offer_reservations',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    realmId: text('realm_id'),
    offerId: text('offer_id')
      .notNull()
      .references(() => serverOffers.id),
    idempotencyKey: text('idempotency_key').notNull(),
    poolId: text('pool_id'),
    days: integer('days').notNull(),
    state: text('state', { enum: ['pending', 'fulfilled', 'refunded'] }).notNull(),
    readyBy: integer('ready_by').notNull(),
    deliveryHours: integer('delivery_hours').notNull(),
    setupTimeMinutes: integer('setup_time_minutes').notNull(),
    holdDays: integer('hold_days').notNull(),
    rentalCents: integer('rental_cents').notNull(),
    setupFeeCents: integer('setup_fee_cents').notNull(),
    /** The offer as it was, in wire form. */
    offerSnapshotJson: text('offer_snapshot_json').notNull(),
    transactionId: text('transaction_id'),
    serverId: text('server_id'),
    rentalId: text('rental_id'),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('offer_reservations_key').on(table.userId, table.idempotencyKey),
    index('offer_reservations_user').on(table.userId, table.createdAt),
  ],
);

/** What one container used in one span of at most an hour; written once, by (container, beginning). */
export const meteringIntervals = sqliteTable(
  'metering_intervals',
  {
    containerId: text('container_id').notNull(),
    startsAt: integer('starts_at').notNull(),
    endsAt: integer('ends_at').notNull(),
    rentalId: text('rental_id')
      .notNull()
      .references(() => rentals.id),
    projectId: text('project_id').notNull(),
    computeMs: integer('compute_ms').notNull(),
    memoryMs: integer('memory_ms').notNull(),
    storageMs: integer('storage_ms').notNull(),
    /** Its exact cost, in units of packages/rentals. */
    costUnits: integer('cost_units').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.containerId, table.startsAt] }),
    index('metering_intervals_project').on(table.projectId, table.startsAt),
    index('metering_intervals_rental').on(table.rentalId, table.startsAt),
  ],
);

/** Images that a user has bought. */
export const userImages = sqliteTable(
  'user_images',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    imageId: text('image_id')
      .notNull()
      .references(() => images.id),
    paidCents: integer('paid_cents').notNull(),
    transactionId: text('transaction_id').notNull(),
    createdAt,
  },
  (table) => [primaryKey({ columns: [table.userId, table.imageId] })],
);
