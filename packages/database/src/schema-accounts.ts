/** The part of the relational schema that tells who may come in: see schema.ts for its conventions. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { createdAt, flag, updatedAt } from './schema-columns.ts';

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
    /** SHA-256 of the invite code that a new account redeems. */
    inviteCodeHash: text('invite_code'),
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
