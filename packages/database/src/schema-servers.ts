/** The part of the relational schema that tells of hosts and their images: see schema.ts for its conventions. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { users } from './schema-accounts.ts';
import { createdAt, flag, updatedAt } from './schema-columns.ts';

/** A physical host. `*_json` facts are what its daemon last said of itself in `hello`. */
export const servers = sqliteTable(
  'servers',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** Raw Ed25519 key in hex once enrolled. */
    publicKey: text('public_key'),
    country: text('country'),
    region: text('region'),
    city: text('city'),
    datacenter: text('datacenter'),
    category: text('category').notNull().default('general'),
    isReady: flag('is_ready').notNull().default(false),
    maxContainers: integer('max_containers'),
    maxSnapshotsPerContainer: integer('max_snapshots_per_container').notNull().default(50),
    factsJson: text('facts_json'),
    capabilitiesJson: text('capabilities_json'),
    driversJson: text('drivers_json'),
    lastSeenAt: integer('last_seen_at'),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex('servers_name').on(table.name)],
);

/** Who may create containers on a server: for good, or as long as a rental lasts. */
export const serverGrants = sqliteTable(
  'server_grants',
  {
    serverId: text('server_id')
      .notNull()
      .references(() => servers.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The rental that it comes with and goes with; null: it was given otherwise and stays. */
    rentalId: text('rental_id'),
    /** The rental's end: from then on what is on the server is read-only. */
    expiresAt: integer('expires_at'),
    /** Since when the rental's usage could not be paid: nothing may be started. */
    suspendedAt: integer('suspended_at'),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.serverId, table.userId] }),
    index('server_grants_user').on(table.userId),
  ],
);

/** One-time join tokens for hosts; only the SHA-256 of the 64 hex digits is kept. */
export const hostJoinTokens = sqliteTable('host_join_tokens', {
  tokenHash: text('token_hash').primaryKey(),
  serverId: text('server_id')
    .notNull()
    .references(() => servers.id, { onDelete: 'cascade' }),
  expiresAt: integer('expires_at').notNull(),
  usedAt: integer('used_at'),
  createdAt,
});

/** Images that a server really has, as its daemon said in `hello`. `id` is derived from server-independent name and architecture. */
export const images = sqliteTable(
  'images',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    alias: text('alias').notNull(),
    description: text('description').notNull().default(''),
    os: text('os').notNull(),
    release: text('release').notNull(),
    variant: text('variant'),
    architecture: text('architecture').notNull(),
    serial: text('serial').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    priceCents: integer('price_cents').notNull().default(0),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex('images_name_architecture').on(table.name, table.architecture)],
);

export const serverImages = sqliteTable(
  'server_images',
  {
    serverId: text('server_id')
      .notNull()
      .references(() => servers.id, { onDelete: 'cascade' }),
    imageId: text('image_id')
      .notNull()
      .references(() => images.id, { onDelete: 'cascade' }),
    isDefault: flag('is_default').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.serverId, table.imageId] })],
);
