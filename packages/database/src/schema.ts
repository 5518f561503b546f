/**
 * Relational schema (libSQL, written for SQLite 3.45). Ids are 24 lower-case hex digits; times are
 * integers in Unix milliseconds; `*_json` columns hold JSON text. What one container *is* lives in its
 * ContainerObject; the `containers` row is a projection of it that never moves back in `version`.
 */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { users } from './schema-accounts.ts';
import { createdAt, flag, updatedAt } from './schema-columns.ts';

export * from './schema-accounts.ts';
export * from './schema-rentals.ts';
export * from './schema-servers.ts';
export * from './schema-ledger.ts';
export * from './schema-payments.ts';
export * from './schema-warm-pools.ts';

export const projects = sqliteTable(
  'projects',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    alias: text('alias').notNull(),
    color: text('color').notNull(),
    /** null: unlimited. */
    maxContainers: integer('max_containers'),
    isDefault: flag('is_default').notNull().default(false),
    /** Set while a cascade delete runs; such a project takes no new container. */
    deletingSince: integer('deleting_since'),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex('projects_user_alias').on(table.userId, table.alias)],
);

export const projectRealms = sqliteTable(
  'project_realms',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    realmId: text('realm_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.realmId] }),
    index('project_realms_realm').on(table.realmId),
  ],
);

export const projectPermissions = sqliteTable(
  'project_permissions',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    level: text('level', { enum: ['read', 'edit', 'delete'] }).notNull(),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('project_permissions_pair').on(table.projectId, table.userId),
    index('project_permissions_user').on(table.userId),
  ],
);

/** Projection of ContainerObject, written through its outbox only; `version` 0 is the reservation made at create. */
export const containers = sqliteTable(
  'containers',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** The project's owner, repeated here so that scopes need one table. */
    userId: text('user_id').notNull(),
    serverId: text('server_id').notNull(),
    name: text('name').notNull(),
    status: text('status').notNull(),
    version: integer('version').notNull(),
    incarnation: integer('incarnation').notNull(),
    /** The whole container as the object holds it (ContainerRecord of packages/lifecycle), for lists. */
    recordJson: text('record_json').notNull(),
    isPrespawn: flag('is_prespawn').notNull().default(false),
    isDefault: flag('is_default').notNull().default(false),
    serverExpiredAt: integer('server_expired_at'),
    deletedAt: integer('deleted_at'),
    createdAt,
    updatedAt,
  },
  (table) => [
    index('containers_project').on(table.projectId, table.deletedAt),
    index('containers_user').on(table.userId, table.deletedAt, table.createdAt),
    index('containers_server').on(table.serverId, table.deletedAt),
  ],
);

export const containerRealms = sqliteTable(
  'container_realms',
  {
    containerId: text('container_id')
      .notNull()
      .references(() => containers.id, { onDelete: 'cascade' }),
    realmId: text('realm_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.containerId, table.realmId] }),
    index('container_realms_realm').on(table.realmId),
  ],
);

/**
 * Values that must be unique among living containers (a name in its project, an SSH key everywhere).
 * Held before the object commits, released when it lets go; the sweeper frees what a crash left behind.
 */
export const uniqueHolds = sqliteTable(
  'unique_holds',
  {
    kind: text('kind', { enum: ['container_name', 'ssh_public_key'] }).notNull(),
    scope: text('scope').notNull(),
    value: text('value').notNull(),
    containerId: text('container_id').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.scope, table.value] }),
    index('unique_holds_container').on(table.containerId),
  ],
);

/** Append-only; `sequence` is the object's own numbering, so that a repeated outbox write changes nothing. */
export const statusLogs = sqliteTable(
  'status_logs',
  {
    containerId: text('container_id').notNull(),
    sequence: integer('sequence').notNull(),
    id: text('id').notNull(),
    fromStatus: text('from_status'),
    toStatus: text('to_status').notNull(),
    triggeredBy: text('triggered_by').notNull(),
    triggeredByUserId: text('triggered_by_user_id'),
    operationId: text('operation_id'),
    command: text('command'),
    cause: text('cause'),
    durationMs: integer('duration_ms'),
    transitionTime: integer('transition_time').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.containerId, table.sequence] }),
    index('status_logs_time').on(table.containerId, table.transitionTime),
  ],
);

export const events = sqliteTable(
  'events',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    eventType: text('event_type').notNull(),
    resourceType: text('resource_type').notNull(),
    resourceId: text('resource_id').notNull(),
    payloadJson: text('payload_json').notNull(),
    realmIdsJson: text('realm_ids_json').notNull().default('[]'),
    createdAt,
  },
  (table) => [
    index('events_user').on(table.userId, table.createdAt),
    index('events_type').on(table.userId, table.eventType),
  ],
);

/** Snapshots of a container; they outlive it (`container_deleted_at`). */
export const snapshots = sqliteTable(
  'snapshots',
  {
    containerId: text('container_id').notNull(),
    name: text('name').notNull(),
    version: integer('version').notNull(),
    userId: text('user_id').notNull(),
    alias: text('alias'),
    stateful: flag('stateful').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    expiresAt: integer('expires_at'),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.containerId, table.name] }),
    index('snapshots_expiry').on(table.expiresAt),
  ],
);

/**
 * `Idempotency-Key` on POST, kept 24 h. `seed` is the id that the first attempt used for what it made, so
 * that a retry after a crash finds the same resource instead of making a second one.
 */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    /** Caller (user or token id) and route, so that two callers' keys never meet. */
    scope: text('scope').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    seed: text('seed').notNull(),
    state: text('state', { enum: ['running', 'done'] }).notNull(),
    /** A running attempt is presumed dead after this moment. */
    leaseUntil: integer('lease_until').notNull(),
    responseStatus: integer('response_status'),
    responseBody: text('response_body'),
    expiresAt: integer('expires_at').notNull(),
    createdAt,
  },
  (table) => [
    primaryKey({ columns: [table.scope, table.key] }),
    index('idempotency_keys_expiry').on(table.expiresAt),
  ],
);
