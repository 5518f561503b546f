import { and, asc, eq, gt, isNull, ne, or, sql, type SQL } from 'drizzle-orm';
import {
  ACTIVE_TOKENS_MAX,
  publicKeyFree,
  tokenVisible,
  toTokenRow,
  type AuthTokenRow,
} from './auth-tokens.ts';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { eventRecorded } from './projects.ts';
import { authTokens, users } from './schema.ts';
import type { Scope } from './scope.ts';

/** What may be changed of a token; an absent field stays as it is. */
export interface AuthTokenChanges {
  readonly alias?: string | undefined;
  readonly publicKey?: string | null | undefined;
  readonly publicStorage?: Readonly<Record<string, unknown>> | null | undefined;
  readonly ipWhitelist?: readonly string[] | undefined;
  readonly realmIds?: readonly string[] | undefined;
  readonly allowNoRealm?: boolean | undefined;
  readonly permissions?: unknown;
  readonly vaultAccess?: boolean | undefined;
  readonly eventAccess?: boolean | undefined;
  readonly isEnabled?: boolean | undefined;
  /** Unix milliseconds; null: never. */
  readonly expiresAt?: number | null | undefined;
}

export type AuthTokenUpdate =
  | { readonly kind: 'updated'; readonly token: AuthTokenRow }
  /** `outdated`: somebody else changed its realms since `token` was read. */
  | { readonly kind: 'missing' | 'outdated' | 'duplicate_alias' | 'public_key_taken' | 'limit_reached' };

/**
 * Changes a token that the caller sees, together with `event`; all of it or nothing. It counts from the next
 * request on.
 *
 * @param token as it was read: its realms must still be those when they are changed
 */
export async function updateAuthToken(
  database: Database,
  scope: Scope,
  callerTokenId: string | null,
  token: Pick<AuthTokenRow, 'id' | 'realmIds'>,
  changes: AuthTokenChanges,
  event: NewEvent,
): Promise<AuthTokenUpdate> {
  const { now } = event;
  const { ipWhitelist, realmIds, permissions, publicStorage, ...columns } = changes;
  const visible = and(eq(authTokens.id, token.id), tokenVisible(scope, callerTokenId));
  const unchangedRealms = eq(authTokens.realmIdsJson, JSON.stringify(token.realmIds));
  const keyFree = publicKeyFree(scope.userId, columns.publicKey ?? null);
  const aliasFree = sql`not exists (select 1 from auth_tokens other where other.user_id = ${scope.userId}
    and other.alias = ${columns.alias ?? null} and other.id <> ${token.id})`;
  const results = await database.batch([
    database
      .update(authTokens)
      .set({
        ...columns,
        updatedAt: now,
        ...(ipWhitelist === undefined ? {} : { ipWhitelistJson: JSON.stringify(ipWhitelist) }),
        ...(realmIds === undefined ? {} : { realmIdsJson: JSON.stringify(realmIds) }),
        ...(permissions === undefined ? {} : { permissionsJson: JSON.stringify(permissions) }),
        ...(publicStorage === undefined
          ? {}
          : { publicStorageJson: publicStorage === null ? null : JSON.stringify(publicStorage) }),
      })
      .where(
        and(
          visible,
          realmIds === undefined ? undefined : unchangedRealms,
          aliasFree,
          keyFree,
          columns.expiresAt === undefined ? undefined : roomToLive(scope.userId, token.id, now),
        ),
      ),
    eventStatement(database, event, sql`changes() > 0`),
    database.select().from(authTokens).where(visible),
    database.all<{ recorded: number; alias_free: number; key_free: number }>(
      sql`select ${eventRecorded(database, event.id)} as recorded, ${aliasFree} as alias_free, ${keyFree} as key_free`,
    ),
  ]);
  const [stored] = results[2];
  const [facts] = results[3];
  if (stored === undefined || facts === undefined) return { kind: 'missing' };
  const row = toTokenRow(stored);
  if (facts.recorded === 1) return { kind: 'updated', token: row };
  if (facts.alias_free === 0) return { kind: 'duplicate_alias' };
  if (facts.key_free === 0) return { kind: 'public_key_taken' };
  const sameRealms = JSON.stringify(row.realmIds) === JSON.stringify(token.realmIds);
  return { kind: realmIds === undefined || sameRealms ? 'limit_reached' : 'outdated' };
}

/** An expired token that comes to life again needs a place among the living ones. */
function roomToLive(userId: string, tokenId: string, now: number): SQL {
  return sql`(select count(*) from auth_tokens other where other.user_id = ${userId} and other.id <> ${tokenId}
    and (other.expires_at is null or other.expires_at > ${now})) < ${ACTIVE_TOKENS_MAX}`;
}

/** What a token publishes of itself. */
export interface PublicProfileRow {
  readonly publicKey: string;
  readonly publicStorage: Readonly<Record<string, unknown>> | null;
}

/**
 * The profile published under a key, of the account's oldest token that is alive; null when there is none.
 * Within a realm, tokens that are bound to other realms publish nothing.
 *
 * @param publicKey 64 lower-case hex digits
 * @param realmId the active realm, or null on the base host
 */
export async function findPublicProfile(
  database: Database,
  publicKey: string,
  realmId: string | null,
  now: number,
): Promise<PublicProfileRow | null> {
  const inRealm = sql`(${authTokens.realmIdsJson} = '[]'
    or exists (select 1 from json_each(${authTokens.realmIdsJson}) where value = ${realmId}))`;
  const [row] = await database
    .select({ token: authTokens })
    .from(authTokens)
    .innerJoin(users, eq(users.id, authTokens.userId))
    .where(
      and(
        eq(authTokens.publicKey, publicKey),
        eq(authTokens.isEnabled, true),
        ne(users.isBanned, true),
        or(isNull(authTokens.expiresAt), gt(authTokens.expiresAt, now)),
        realmId === null ? undefined : inRealm,
      ),
    )
    .orderBy(asc(authTokens.createdAt), asc(authTokens.id))
    .limit(1);
  if (row === undefined) return null;
  const { publicStorage } = toTokenRow(row.token);
  return { publicKey, publicStorage };
}
