/**
 * Relational schema (libSQL, written for SQLite 3.45). Ids are 24 lower-case hex digits; times are
 * integers in Unix milliseconds; `*_json` columns hold JSON text. What one container *is* lives in its
 * ContainerObject; the `containers` row is a projection of it that never moves back in `version`.
 */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

const flag = (name: string) => integer(name, { mode: 'boolean' });
const createdAt = integer('created_at').notNull();
const updatedAt = integer('updated_at').notNull();

export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    /** Lower-cased; compared case-insensitively by storing it so. */
    email: text('email').notNull(),
    /** Compared case-sensitively. */
    username: text('username').notNull(),
    alias: text('alias'),
    /** `scrypt$N$r$p$salt$hash`, parameters beside the hash so that they can be raised at login. */
    passwordHash: text('password_hash').notNull(),
    emailVerified: flag('email_verified').notNull().default(false),
    isAdmin: flag('is_admin').notNull().default(false),
    isBanned: flag('is_banned').notNull().default(false),
    /** Logout-all: JWTs of an older generation are dead. */
    sessionGeneration: integer('session_generation').notNull().default(1),
    signupMethod: text('signup_method').notNull().default('email'),
    metadataJson: text('metadata_json').notNull().default('{}'),
    /** The user's own key, 64 lower-case hex digits; nothing here is signed with it. */
    publicKey: text('public_key'),
    /** Milestone to the time (ISO 8601) at which it was first reached. */
    onboardingJson: text('onboarding_json').notNull().default('{}'),
    /** Where the account wants its first server; a wish. */
    signupRegion: text('signup_region'),
    /** SHA-256 of the invite code sent at signup, redeemed once the address is confirmed. */
    signupInviteHash: text('signup_invite_hash'),
    /** The invite code sent at signup was not good. */
    signupCodeFailed: flag('signup_code_failed').notNull().default(false),
    /** When the free tier was opened to the account, and by what; null: it is not. */
    freeTierUnlockedAt: integer('free_tier_unlocked_at'),
    freeTierUnlockSource: text('free_tier_unlock_source', {
      enum: ['invite_code', 'admin_grant', 'grandfathered'],
    }),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex('users_email').on(table.email), uniqueIndex('users_username').on(table.username)],
);

/** One-time secrets sent by mail; only the SHA-256 of the 64 hex digits is kept. */
export const mailTokens = sqliteTable(
  'mail_tokens',
  {
    tokenHash: text('token_hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['verify_email', 'reset_password'] }).notNull(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
    createdAt,
  },
  (table) => [index('mail_tokens_user').on(table.userId, table.kind)],
);

/** What happened to an account's security: logins that succeeded or failed, and changes of its secrets. */
export const loginHistory = sqliteTable(
  'login_history',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    clientAddress: text('client_address').notNull(),
    userAgent: text('user_agent'),
    succeeded: flag('succeeded').notNull(),
    event: text('event').notNull().default('login'),
    /** What the client called itself, one of a few words. */
    client: text('client'),
    createdAt,
  },
  (table) => [
    index('login_history_user').on(table.userId, table.createdAt),
    index('login_history_time').on(table.createdAt),
  ],
);

/** A user's second factor (TOTP). `verified_at` null: set up but not confirmed yet, so without effect. */
export const twoFactor = sqliteTable('two_factor', {
  userId: text('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  /** The TOTP secret, encrypted for this row. */
  sealedSecret: text('sealed_secret').notNull(),
  verifiedAt: integer('verified_at'),
  /** The 30 s step of the last accepted code: a code of it or an earlier one is spent. */
  lastUsedStep: integer('last_used_step'),
  /** Whether changing auth tokens by a session needs a code. */
  requireForTokens: flag('require_for_tokens').notNull().default(true),
  createdAt,
});

/** Backup codes that are not used yet; a keyed hash of each. Using one deletes it. */
export const twoFactorBackupCodes = sqliteTable(
  'two_factor_backup_codes',
  {
    userId: text('user_id')
      .notNull()
      .references(() => twoFactor.userId, { onDelete: 'cascade' }),
    codeHash: text('code_hash').notNull(),
    createdAt,
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);

/** Every authenticated request, for its user. No reference to users: a batch must never fail for one row. */
export const activityLog = sqliteTable(
  'activity_log',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    realmId: text('realm_id'),
    method: text('method').notNull(),
    path: text('path').notNull(),
    statusCode: integer('status_code').notNull(),
    clientAddress: text('client_address').notNull(),
    userAgent: text('user_agent'),
    createdAt,
  },
  (table) => [
    index('activity_log_user').on(table.userId, table.createdAt),
    index('activity_log_time').on(table.createdAt),
  ],
);

/** Codes that open the free tier; only the SHA-256 of the code is kept. */
export const inviteCodes = sqliteTable('invite_codes', {
  codeHash: text('code_hash').primaryKey(),
  usesMax: integer('uses_max').notNull().default(1),
  usesCount: integer('uses_count').notNull().default(0),
  /** null: never. */
  expiresAt: integer('expires_at'),
  createdAt,
});

/**
 * Sign-ins that are under way. Each step is proven by a one-time secret of 64 hex digits, of which only the
 * SHA-256 is kept; taking a step deletes it. What a kind does not need is null.
 */
export const signInSteps = sqliteTable(
  'sign_in_steps',
  {
    secretHash: text('secret_hash').primaryKey(),
    kind: text('kind', {
      enum: ['launch_ticket', 'oauth_state', 'intent', 'two_factor', 'authorization_code', 'device_ticket'],
    }).notNull(),
    /** Who has proven to be whom; null as long as nobody has. */
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    /** The user's session generation then: logout-all and a new password end the sign-in as well. */
    sessionGeneration: integer('session_generation'),
    /** SHA-256 of the cookie of the one browser that may go on. */
    browserHash: text('browser_hash'),
    provider: text('provider', { enum: ['github', 'google'] }),
    redirectUri: text('redirect_uri'),
    codeChallenge: text('code_challenge'),
    /** What ends the sign-in: null leaves it to who takes the next step. */
    responseMode: text('response_mode', { enum: ['tokens', 'intent'] }),
    /** The client's own name for a launch (UUID). */
    stateId: text('state_id'),
    inviteCode: text('invite_code'),
    /** The device code that this sign-in approves. */
    deviceCodeHash: text('device_code_hash'),
    expiresAt: integer('expires_at').notNull(),
    createdAt,
  },
  (table) => [
    index('sign_in_steps_expiry').on(table.expiresAt),
    index('sign_in_steps_user').on(table.userId),
  ],
);

/** Accounts at other providers that open an account here. `subject` is the provider's own, permanent id. */
export const oauthIdentities = sqliteTable(
  'oauth_identities',
  {
    provider: text('provider', { enum: ['github', 'google'] }).notNull(),
    subject: text('subject').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** As the provider last gave it; never used to find an account. */
    username: text('username'),
    createdAt,
    updatedAt,
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.subject] }),
    uniqueIndex('oauth_identities_user').on(table.userId, table.provider),
  ],
);

/** Device sign-ins (RFC 8628); of both codes only the SHA-256 is kept. */
export const deviceCodes = sqliteTable(
  'device_codes',
  {
    deviceCodeHash: text('device_code_hash').primaryKey(),
    userCodeHash: text('user_code_hash').notNull(),
    clientName: text('client_name'),
    codeChallenge: text('code_challenge'),
    /** Where the device called from, shown to whoever approves. */
    clientAddress: text('client_address').notNull(),
    status: text('status', { enum: ['pending', 'approved', 'denied'] })
      .notNull()
      .default('pending'),
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    sessionGeneration: integer('session_generation'),
    polledAt: integer('polled_at'),
    expiresAt: integer('expires_at').notNull(),
    createdAt,
  },
  (table) => [
    uniqueIndex('device_codes_user_code').on(table.userCodeHash),
    index('device_codes_expiry').on(table.expiresAt),
  ],
);

export const authTokens = sqliteTable(
  'auth_tokens',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    alias: text('alias').notNull(),
    /** SHA-256 (hex) of the whole `hdy_…` text; the text itself is shown once and never kept. */
    secretHash: text('secret_hash').notNull(),
    publicKey: text('public_key'),
    publicStorageJson: text('public_storage_json'),
    /** JSON array of addresses and CIDR blocks; `["*"]`: any. */
    ipWhitelistJson: text('ip_whitelist_json').notNull().default('["*"]'),
    realmIdsJson: text('realm_ids_json').notNull().default('[]'),
    allowNoRealm: flag('allow_no_realm').notNull().default(true),
    /** Nested JSON tree of booleans. */
    permissionsJson: text('permissions_json').notNull(),
    vaultAccess: flag('vault_access').notNull().default(false),
    eventAccess: flag('event_access').notNull().default(true),
    isEnabled: flag('is_enabled').notNull().default(true),
    createdByTokenId: text('created_by_token_id'),
    delegationDepth: integer('delegation_depth').notNull().default(0),
    /** Made with `deny_reauthorization`: never makes tokens nor reads the vault, and always ends. */
    deniesReauthorization: flag('denies_reauthorization').notNull().default(false),
    expiresAt: integer('expires_at'),
    lastUsedAt: integer('last_used_at'),
    lastUsedIp: text('last_used_ip'),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex('auth_tokens_secret').on(table.secretHash),
    uniqueIndex('auth_tokens_user_alias').on(table.userId, table.alias),
    index('auth_tokens_maker').on(table.createdByTokenId),
    index('auth_tokens_public_key').on(table.publicKey),
  ],
);

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

/** Who may create containers on a server (rentals and pools grant this later as well). */
export const serverGrants = sqliteTable(
  'server_grants',
  {
    serverId: text('server_id')
      .notNull()
      .references(() => servers.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
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
