import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ACTIVE_TOKENS_MAX,
  createAuthToken,
  deleteAuthToken,
  findAuthToken,
  findTokenWithUser,
  isTouchDue,
  listAuthTokens,
  touchAuthToken,
  type NewAuthTokenRow,
} from './auth-tokens.ts';
import type { Database } from './client.ts';
import { authTokens, events, users } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, eventFor, freshId, idOf, scopeFor } from './test-rows.ts';

const OWNER = idOf('a');
const STRANGER = idOf('b');
const REALM = idOf('1');
const NOW = 1_780_000_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  for (const table of [authTokens, events, users]) await database.delete(table);
  for (const id of [OWNER, STRANGER]) await addUser(database, id);
});

function newToken(more: Partial<NewAuthTokenRow> = {}): NewAuthTokenRow {
  const id = freshId();
  return {
    id,
    alias: `token-${id}`,
    secretHash: `hash-${id}`,
    publicKey: null,
    publicStorage: null,
    ipWhitelist: ['*'],
    realmIds: [],
    allowNoRealm: true,
    permissions: { containers: { read: true } },
    vaultAccess: false,
    eventAccess: true,
    createdByTokenId: null,
    delegationDepth: 0,
    expiresAt: null,
    deniesReauthorization: false,
    ...more,
  };
}
const store = (token: NewAuthTokenRow, userId = OWNER) =>
  createAuthToken(database, scopeFor(userId), token, eventFor(userId, token.id, NOW));
async function stored(more: Partial<NewAuthTokenRow> = {}, userId = OWNER): Promise<string> {
  const token = newToken(more);
  expect(await store(token, userId)).toMatchObject({ kind: 'created' });
  return token.id;
}
const remove = async (id: string, callerTokenId: string | null = null, userId = OWNER) => {
  const [row] = await database.select().from(authTokens).where(eq(authTokens.id, id));
  const createdByTokenId = row?.createdByTokenId ?? null;
  return deleteAuthToken(
    database,
    scopeFor(userId),
    callerTokenId,
    { id, createdByTokenId },
    eventFor(userId, id, NOW),
  );
};
const visibleIds = async (callerTokenId: string | null, realmId: string | null = null) =>
  (await listAuthTokens(database, scopeFor(OWNER, realmId), callerTokenId, 100))
    .map(({ id }) => id)
    .toSorted();

describe('creating', () => {
  it('stores what was asked and records the event', async () => {
    const token = newToken({
      publicStorage: { a: [1] },
      realmIds: [REALM],
      ipWhitelist: ['10.0.0.0/8'],
      expiresAt: 5,
    });
    expect(await store(token)).toEqual({
      kind: 'created',
      token: expect.objectContaining({
        ...token,
        userId: OWNER,
        isEnabled: true,
        lastUsedAt: null,
        createdAt: NOW,
      }),
    });
    expect(await database.select().from(events)).toMatchObject([{ resourceId: token.id }]);
  });

  it('refuses an alias twice for one user, without an event, and allows it to another', async () => {
    await stored({ alias: 'ci' });
    expect(await store(newToken({ alias: 'ci' }))).toEqual({ kind: 'duplicate_alias' });
    expect(await database.select().from(events)).toHaveLength(1);
    await stored({ alias: 'ci' }, STRANGER);
  });

  it('joins a first attempt of the same id: one row, one event, the new secret', async () => {
    const token = newToken({ alias: 'ci' });
    await store(token);
    expect(await store({ ...token, secretHash: 'second' })).toMatchObject({
      kind: 'created',
      token: { secretHash: 'second' },
    });
    expect(await database.select().from(authTokens)).toHaveLength(1);
    expect(await database.select().from(events)).toHaveLength(1);
  });

  it('never takes over the row of another user', async () => {
    const token = newToken();
    await store(token, STRANGER);
    expect(await store({ ...token, secretHash: 'mine', alias: 'other' })).toMatchObject({
      kind: 'limit_reached',
    });
    expect(await findTokenWithUser(database, token.id)).toMatchObject({
      token: { secretHash: token.secretHash },
      user: { id: STRANGER },
    });
  });

  it('stops at the limit of living tokens: disabled ones count, expired ones do not', async () => {
    const fill = (count: number, expiresAt: number | null) =>
      database.run(sql`
        with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
        insert into auth_tokens (id, user_id, alias, secret_hash, permissions_json, is_enabled, expires_at, created_at, updated_at)
        select hex(randomblob(12)), ${OWNER}, hex(randomblob(8)), hex(randomblob(8)), '{}', 0, ${expiresAt}, 1, 1 from n`);
    await fill(ACTIVE_TOKENS_MAX, NOW);
    await fill(ACTIVE_TOKENS_MAX - 1, null);
    await stored();
    expect(await store(newToken())).toEqual({ kind: 'limit_reached' });
  });
});

describe('seeing', () => {
  it('hides tokens of others, and on a realm host those that do not carry it', async () => {
    const free = await stored();
    const bound = await stored({ realmIds: [REALM, idOf('2')] });
    const foreign = await stored({ realmIds: [REALM] }, STRANGER);
    expect(await visibleIds(null)).toEqual([free, bound].toSorted());
    expect(await visibleIds(null, REALM)).toEqual([bound]);
    expect(await findAuthToken(database, scopeFor(OWNER), null, foreign)).toBeNull();
    expect(await findAuthToken(database, scopeFor(OWNER, idOf('3')), null, bound)).toBeNull();
  });

  it('shows a token itself and its subtree, nothing beside or above', async () => {
    const root = await stored();
    const child = await stored({ createdByTokenId: root });
    const grandchild = await stored({ createdByTokenId: child });
    const sibling = await stored({ createdByTokenId: root });
    expect(await visibleIds(child)).toEqual([child, grandchild].toSorted());
    expect(await visibleIds(root)).toEqual([root, child, grandchild, sibling].toSorted());
    expect(await findAuthToken(database, scopeFor(OWNER), child, root)).toBeNull();
    expect(await findAuthToken(database, scopeFor(OWNER), child, sibling)).toBeNull();
  });
});

describe('deleting', () => {
  it('takes what the caller manages, once, with one event', async () => {
    const id = await stored();
    await database.delete(events);
    expect(await remove(id, null, STRANGER)).toBe(false);
    expect(await remove(id)).toBe(true);
    expect(await remove(id)).toBe(false);
    expect(await database.select().from(events)).toHaveLength(1);
  });

  it('lets a token delete beneath it, not itself, not beside it', async () => {
    const root = await stored();
    const child = await stored({ createdByTokenId: root });
    const sibling = await stored({ createdByTokenId: root });
    expect(await remove(child, child)).toBe(false);
    expect(await remove(sibling, child)).toBe(false);
    expect(await remove(root, child)).toBe(false);
    expect(await remove(child, root)).toBe(true);
  });

  it('leaves the tokens beneath in sight of whoever could manage them', async () => {
    const root = await stored();
    const child = await stored({ createdByTokenId: root });
    const grandchild = await stored({ createdByTokenId: child });
    await remove(child);
    expect(await visibleIds(root)).toEqual([root, grandchild].toSorted());
    await remove(root);
    expect(await findAuthToken(database, scopeFor(OWNER), null, grandchild)).toMatchObject({
      createdByTokenId: root,
    });
  });
});

describe('use', () => {
  it('is noted once a minute at most', async () => {
    const id = await stored();
    await touchAuthToken(database, id, '10.0.0.1', NOW);
    await touchAuthToken(database, id, '10.0.0.2', NOW + 59_999);
    const first = await findTokenWithUser(database, id);
    expect(first?.token).toMatchObject({ lastUsedAt: NOW, lastUsedIp: '10.0.0.1' });
    await touchAuthToken(database, id, '10.0.0.3', NOW + 60_000);
    const second = await findTokenWithUser(database, id);
    expect(second?.token).toMatchObject({ lastUsedAt: NOW + 60_000, lastUsedIp: '10.0.0.3' });
    expect([isTouchDue(null, NOW), isTouchDue(NOW, NOW + 59_999), isTouchDue(NOW, NOW + 60_000)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
