import { and, desc, eq, isNull, lt, ne, or, sql, type SQL } from 'drizzle-orm';
import { prepared, type Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { parseStringArray } from './json-columns.ts';
import { authTokens, users } from './schema.ts';
import type { Scope } from './scope.ts';
import type { UserRow } from './users.ts';

/** Tokens of one user that may be alive at once; disabled ones count, expired ones do not. */
export const ACTIVE_TOKENS_MAX = 1000;
const LAST_USED_INTERVAL_MS = 60_000;

type Stored = Readonly<typeof authTokens.$inferSelect>;

/** An auth token with its JSON columns read. `permissions` is whatever was stored: read it leaf by leaf. */
export interface AuthTokenRow extends Omit<
  Stored,
  'ipWhitelistJson' | 'realmIdsJson' | 'permissionsJson' | 'publicStorageJson'
> {
  readonly ipWhitelist: readonly string[];
  readonly realmIds: readonly string[];
  readonly permissions: unknown;
  readonly publicStorage: Readonly<Record<string, unknown>> | null;
}

/** Turns a stored row into an {@link AuthTokenRow}. */
export function toTokenRow(stored: Stored): AuthTokenRow {
  const { ipWhitelistJson, realmIdsJson, permissionsJson, publicStorageJson, ...columns } = stored;
  return {
    ...columns,
    ipWhitelist: parseStringArray(ipWhitelistJson),
    realmIds: parseStringArray(realmIdsJson),
    permissions: JSON.parse(permissionsJson),
    publicStorage: publicStorageJson === null ? null : parseObject(publicStorageJson),
  };
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('a JSON column does not hold an object');
  }
  return Object.fromEntries(Object.entries(value));
}

const tokenWithUser = prepared((database) =>
  database
    .select({ token: authTokens, user: users })
    .from(authTokens)
    .innerJoin(users, eq(users.id, authTokens.userId))
    .where(eq(authTokens.id, sql.placeholder('tokenId')))
    .prepare(),
);

/** A token and its owner in one read, by the id that stands in the token's text; null when unknown. */
export async function findTokenWithUser(
  database: Database,
  tokenId: string,
): Promise<{ token: AuthTokenRow; user: UserRow } | null> {
  const [row] = await tokenWithUser(database).all({ tokenId });
  return row === undefined ? null : { token: toTokenRow(row.token), user: row.user };
}

/**
 * The tokens above one: `tokenId` itself (the maker of the one in question), its maker and so on. One read.
 * A deleted one ends the line.
 */
export async function findTokensAbove(
  database: Database,
  userId: string,
  tokenId: string,
): Promise<AuthTokenRow[]> {
  const rows = await tokensAbove(database).all({ tokenId, userId });
  return rows.map(toTokenRow);
}

const tokensAbove = prepared((database) =>
  database
    .select()
    .from(authTokens)
    .where(
      and(
        eq(authTokens.userId, sql.placeholder('userId')),
        sql`${authTokens.id} in (
          with recursive above (id) as (
            select ${sql.placeholder('tokenId')}
            union
            select maker.created_by_token_id from auth_tokens maker join above on maker.id = above.id
              where maker.created_by_token_id is not null
          ) select id from above)`,
      ),
    )
    .prepare(),
);

/** Whether the last use on record is old enough to be written anew: once a minute at most. */
export function isTouchDue(lastUsedAt: number | null, now: number): boolean {
  return lastUsedAt === null || lastUsedAt <= now - LAST_USED_INTERVAL_MS;
}

/** Notes a use of a token, unless another request did within the last minute. */
export async function touchAuthToken(
  database: Database,
  tokenId: string,
  clientAddress: string,
  now: number,
): Promise<void> {
  await database
    .update(authTokens)
    .set({ lastUsedAt: now, lastUsedIp: clientAddress })
    .where(
      and(
        eq(authTokens.id, tokenId),
        or(isNull(authTokens.lastUsedAt), lt(authTokens.lastUsedAt, now - LAST_USED_INTERVAL_MS + 1)),
      ),
    );
}

/**
 * The condition under which a token exists for the caller: theirs, carrying the active realm if there is
 * one, and, for a caller that is a token itself, that token or one minted beneath it.
 */
export function tokenVisible(scope: Scope, callerTokenId: string | null): SQL | undefined {
  const carriesRealm = sql`exists (select 1 from json_each(${authTokens.realmIdsJson}) where value = ${scope.realmId})`;
  const inSubtree = sql`${authTokens.id} in (
    with recursive subtree (id) as (
      select ${callerTokenId}
      union
      select child.id from auth_tokens child join subtree on child.created_by_token_id = subtree.id
    ) select id from subtree)`;
  return and(
    eq(authTokens.userId, scope.userId),
    scope.realmId === null ? undefined : carriesRealm,
    callerTokenId === null ? undefined : inSubtree,
  );
}

/** The caller's tokens, newest first, at most `limit`. `callerTokenId`: see {@link findAuthToken}. */
export async function listAuthTokens(
  database: Database,
  scope: Scope,
  callerTokenId: string | null,
  limit: number,
): Promise<AuthTokenRow[]> {
  const rows = await database
    .select()
    .from(authTokens)
    .where(tokenVisible(scope, callerTokenId))
    .orderBy(desc(authTokens.createdAt), desc(authTokens.id))
    .limit(limit);
  return rows.map(toTokenRow);
}

/**
 * One token of the caller, or null when it is missing or hidden.
 *
 * @param callerTokenId the token that calls (it sees itself and its subtree), or null for a user
 */
export async function findAuthToken(
  database: Database,
  scope: Scope,
  callerTokenId: string | null,
  tokenId: string,
): Promise<AuthTokenRow | null> {
  const [row] = await database
    .select()
    .from(authTokens)
    .where(and(eq(authTokens.id, tokenId), tokenVisible(scope, callerTokenId)));
  return row === undefined ? null : toTokenRow(row);
}

/** A token to store: everything but what only its use will tell. */
export type NewAuthTokenRow = Pick<
  AuthTokenRow,
  | 'id'
  | 'alias'
  | 'secretHash'
  | 'publicKey'
  | 'publicStorage'
  | 'ipWhitelist'
  | 'realmIds'
  | 'allowNoRealm'
  | 'permissions'
  | 'vaultAccess'
  | 'eventAccess'
  | 'createdByTokenId'
  | 'delegationDepth'
  | 'expiresAt'
  | 'deniesReauthorization'
>;

export type AuthTokenCreation =
  | { readonly kind: 'created'; readonly token: AuthTokenRow }
  | { readonly kind: 'duplicate_alias' | 'limit_reached' | 'public_key_taken' };

/**
 * Stores a token of the scope's user together with `event`, if its alias is free and fewer than
 * {@link ACTIVE_TOKENS_MAX} of theirs are alive. A second call with the same id joins the first: nobody has
 * seen the first secret then, so the row takes the new one.
 */
export async function createAuthToken(
  database: Database,
  scope: Scope,
  token: NewAuthTokenRow,
  event: NewEvent,
): Promise<AuthTokenCreation> {
  const { now } = event;
  const alive = sql`(select count(*) from ${authTokens} where user_id = ${scope.userId}
    and (expires_at is null or expires_at > ${now}))`;
  const mine = and(eq(authTokens.id, token.id), eq(authTokens.userId, scope.userId));
  const storage = token.publicStorage === null ? null : JSON.stringify(token.publicStorage);
  const results = await database.batch([
    database.run(sql`
      insert into ${authTokens} (
        id, user_id, alias, secret_hash, public_key, public_storage_json, ip_whitelist_json, realm_ids_json,
        allow_no_realm, permissions_json, vault_access, event_access, created_by_token_id, delegation_depth,
        expires_at, denies_reauthorization, created_at, updated_at)
      select ${token.id}, ${scope.userId}, ${token.alias}, ${token.secretHash}, ${token.publicKey}, ${storage},
        ${JSON.stringify(token.ipWhitelist)}, ${JSON.stringify(token.realmIds)}, ${token.allowNoRealm ? 1 : 0},
        ${JSON.stringify(token.permissions)}, ${token.vaultAccess ? 1 : 0}, ${token.eventAccess ? 1 : 0},
        ${token.createdByTokenId}, ${token.delegationDepth}, ${token.expiresAt}, ${token.deniesReauthorization ? 1 : 0},
        ${now}, ${now}
      where ${alive} < ${ACTIVE_TOKENS_MAX} and ${publicKeyFree(scope.userId, token.publicKey)}
      on conflict do nothing`),
    eventStatement(database, event, sql`changes() > 0`),
    database.update(authTokens).set({ secretHash: token.secretHash }).where(mine),
    database.select().from(authTokens).where(mine),
    database
      .select({ id: authTokens.id })
      .from(authTokens)
      .where(and(eq(authTokens.userId, scope.userId), eq(authTokens.alias, token.alias))),
    database.all<{ free: number }>(sql`select ${publicKeyFree(scope.userId, token.publicKey)} as free`),
  ]);
  const stored = results[3][0];
  if (stored !== undefined) return { kind: 'created', token: toTokenRow(stored) };
  if (results[4].length > 0) return { kind: 'duplicate_alias' };
  return { kind: results[5][0]?.free === 0 ? 'public_key_taken' : 'limit_reached' };
}

/** A public key belongs to the account that published it first: nobody else can answer for it. */
export function publicKeyFree(userId: string, publicKey: string | null): SQL {
  return sql`not exists (select 1 from auth_tokens other
    where other.public_key = ${publicKey} and other.user_id <> ${userId})`;
}

/**
 * Deletes a token that the caller sees, itself excepted, together with `event`. Tokens minted by it live on
 * and pass to the token above it, so that whoever could manage them still can.
 *
 * @returns false when there was nothing to delete
 */
export async function deleteAuthToken(
  database: Database,
  scope: Scope,
  callerTokenId: string | null,
  token: Pick<AuthTokenRow, 'id' | 'createdByTokenId'>,
  event: NewEvent,
): Promise<boolean> {
  const deletable = and(
    eq(authTokens.id, token.id),
    tokenVisible(scope, callerTokenId),
    callerTokenId === null ? undefined : ne(authTokens.id, callerTokenId),
  );
  const [removed] = await database.batch([
    database.delete(authTokens).where(deletable).returning({ id: authTokens.id }),
    eventStatement(database, event, sql`changes() > 0`),
    database.run(sql`
      update ${authTokens} set created_by_token_id = ${token.createdByTokenId}
      where created_by_token_id = ${token.id} and user_id = ${scope.userId}
        and ${token.createdByTokenId} is not null
        and not exists (select 1 from auth_tokens gone where gone.id = ${token.id})`),
  ]);
  return removed.length === 1;
}
