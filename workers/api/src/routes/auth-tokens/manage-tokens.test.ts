import { randomObjectId, jwtKeys } from '@control-plane/serving';
import { permissionTree, secureRandom, signAccessToken } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../operation.ts';
import { getCurrentUser } from '../authentication/get-current-user.ts';
import { openStage, type Call, type Outcome, type Stage } from '../authentication/test-context.ts';
import { addTokenRealm, removeTokenRealm } from './change-token-realms.ts';
import { copyAuthToken } from './copy-auth-token.ts';
import { createAuthToken } from './create-auth-token.ts';
import { getCurrentAuthToken } from './get-current-auth-token.ts';
import { getPublicProfile } from './get-public-profile.ts';
import { updateAuthToken } from './update-auth-token.ts';
import { updatePublicProfile } from './update-public-profile.ts';

const [A, B, C] = ['a1', 'b2', 'c3'].map((digits) => digits.repeat(12)) as [string, string, string];
const MAKER = { permissions: { resources: { create_tokens: true }, containers: { read: true } } };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.dispose());

const failure = (code: string) => ({ ok: false, error: { code } });
const success = (data: object = {}) => ({ ok: true, data });

/** A verified user of their own, as the bearer of a JWT. */
async function person(): Promise<string> {
  const id = randomObjectId();
  await stage.database.insert(schema.users).values({
    id,
    email: `${id}@example.test`,
    username: id,
    passwordHash: 'unusable',
    emailVerified: true,
    createdAt: 1,
    updatedAt: 1,
  });
  const subject = { userId: id, sessionGeneration: 1 };
  const { token } = await signAccessToken(await jwtKeys(stage.env), subject, Date.now(), secureRandom);
  return `Bearer ${token}`;
}
function made(outcome: Outcome): { id: string; token: string } {
  const { id, token } = outcome.ok ? outcome.data : {};
  if (typeof id !== 'string' || typeof token !== 'string') throw new Error(JSON.stringify(outcome));
  return { id, token };
}
const on =
  (operation: Operation) =>
  (authorization: string, id: string, body: object = {}, more: Call = {}) =>
    stage.call(operation, { authorization, params: { id }, body, ...more });
const create = async (authorization: string, body: object = {}, more: Call = {}) =>
  made(await stage.call(createAuthToken, { authorization, body, ...more }));
const update = on(updateAuthToken);
const copy = on(copyAuthToken);
const addRealm = on(addTokenRealm);
const removeRealm = on(removeTokenRealm);
const current = (authorization: string, more: Call = {}) =>
  stage.call(getCurrentAuthToken, { authorization, ...more });
const me = (authorization: string, more: Call = {}) => stage.call(getCurrentUser, { authorization, ...more });
const tokenRow = (id: string) =>
  stage.database.select().from(schema.authTokens).where(eq(schema.authTokens.id, id));

describe('updating a token', () => {
  it('changes what is named, from the next request on', async () => {
    const jwt = await person();
    const { id, token } = await create(jwt, { alias: 'one', permissions: { containers: { read: true } } });
    const changes = { alias: 'two', permissions: { projects: { read: true } }, event_access: false };
    expect(await update(jwt, id, changes)).toMatchObject(
      success({ alias: 'two', event_access: false, permissions: permissionTree(['projects.read']) }),
    );
    expect(await current(token)).toMatchObject(
      success({ token: { alias: 'two', permissions: permissionTree(['projects.read']) } }),
    );
    expect(await update(jwt, id, { is_enabled: false })).toMatchObject(success({ is_enabled: false }));
    expect(await current(token)).toMatchObject(failure('INVALID_TOKEN'));
    expect(await update(jwt, id, { is_enabled: true })).toMatchObject(success());
    expect(await current(token)).toMatchObject(success());
    const events = await stage.database.select().from(schema.events).where(eq(schema.events.resourceId, id));
    expect(events.map(({ eventType }) => eventType).toSorted()).toEqual([
      'auth.token.created',
      'auth.token.disabled',
      'auth.token.enabled',
      'auth.token.updated',
    ]);
    const updated = events.find(({ eventType }) => eventType === 'auth.token.updated');
    expect(JSON.parse(updated?.payloadJson ?? '{}')).toMatchObject({
      changes: expect.arrayContaining(['alias', 'event_access', 'permissions']),
    });
  });

  it('refuses an alias that another token of the user has, and keeps everything', async () => {
    const jwt = await person();
    await create(jwt, { alias: 'taken' });
    const { id } = await create(jwt, { alias: 'mine' });
    const before = await tokenRow(id);
    const outcome = await update(jwt, id, { alias: 'taken', event_access: false });
    expect(outcome).toMatchObject(failure('DUPLICATE_TOKEN_ALIAS'));
    expect(await tokenRow(id)).toEqual(before);
    expect(await update(jwt, id, { alias: 'mine' })).toMatchObject(success());
  });

  it('is not for strangers, other realms, or the token itself', async () => {
    const jwt = await person();
    const { id, token } = await create(jwt, MAKER);
    expect(await update(await person(), id, { alias: 'x' })).toMatchObject(failure('TOKEN_NOT_FOUND'));
    expect(await update(jwt, id, { alias: 'x' }, { realmId: A })).toMatchObject(failure('TOKEN_NOT_FOUND'));
    expect(await update(token, id, { permissions: MAKER.permissions })).toMatchObject(
      failure('INSUFFICIENT_PERMISSIONS'),
    );
    const sibling = await create(jwt);
    expect(await update(token, sibling.id, { alias: 'x' })).toMatchObject(failure('TOKEN_NOT_FOUND'));
  });

  it('of one that denies re-authorisation can not undo that', async () => {
    const jwt = await person();
    const { id } = await create(jwt, { deny_reauthorization: true });
    expect(await update(jwt, id, { vault_access: true })).toMatchObject(failure('VALIDATION_ERROR'));
    expect(await update(jwt, id, MAKER)).toMatchObject(failure('VALIDATION_ERROR'));
    expect(await update(jwt, id, { expires_at: null })).toMatchObject(
      success({ expires_at: expect.any(String) }),
    );
  });
});

describe('a sub-token', () => {
  const family = async (body: object = {}) => {
    const jwt = await person();
    const parent = await create(jwt, { ...MAKER, ...body });
    const child = await create(parent.token, MAKER);
    const grandchild = await create(child.token, MAKER);
    return { jwt, parent, child, grandchild };
  };

  it('loses what any token above it loses, at once, and gets it back with it', async () => {
    const { jwt, parent, grandchild } = await family();
    const powers = () => current(grandchild.token);
    expect(await powers()).toMatchObject(success({ token: { permissions: { containers: { read: true } } } }));
    await update(jwt, parent.id, { permissions: { resources: { create_tokens: true } } });
    expect(await powers()).toMatchObject(
      success({ token: { permissions: { containers: { read: false } } } }),
    );
    await update(jwt, parent.id, { is_enabled: false });
    expect(await powers()).toMatchObject(failure('INVALID_TOKEN'));
    await update(jwt, parent.id, { is_enabled: true, ...MAKER });
    expect(await powers()).toMatchObject(success({ token: { permissions: { containers: { read: true } } } }));
    await update(jwt, parent.id, { ip_whitelist: '203.0.113.0/24' });
    expect(await powers()).toMatchObject(failure('IP_NOT_ALLOWED'));
    expect(await current(grandchild.token, { clientAddress: '203.0.113.7' })).toMatchObject(success());
  });

  it('ends with the token above it', async () => {
    const { parent, grandchild } = await family();
    await stage.database
      .update(schema.authTokens)
      .set({ expiresAt: Date.now() - 1 })
      .where(eq(schema.authTokens.id, parent.id));
    expect(await current(grandchild.token)).toMatchObject(failure('TOKEN_EXPIRED'));
  });

  it('follows the realms of the token above it, and never escapes them', async () => {
    const { jwt, parent, child } = await family({ realm_ids: [] });
    await addRealm(jwt, parent.id, { realm_id: A });
    expect(await me(child.token)).toMatchObject(failure('REALM_SCOPE_REQUIRED'));
    expect(await me(child.token, { realmId: B })).toMatchObject(failure('REALM_SCOPE_REQUIRED'));
    expect(await me(child.token, { realmId: A })).toMatchObject(success());
    expect(await addRealm(jwt, child.id, { realm_id: B })).toMatchObject(failure('INSUFFICIENT_PERMISSIONS'));
  });

  it('is managed by the tokens above it, within their powers', async () => {
    const { parent, child, grandchild } = await family();
    const wider = { permissions: { ...MAKER.permissions, projects: { read: true } }, vault_access: true };
    for (const id of [child.id, grandchild.id]) {
      expect(await update(parent.token, id, wider)).toMatchObject(
        success({
          permissions: permissionTree(['containers.read', 'resources.create_tokens']),
          vault_access: false,
        }),
      );
    }
    expect(await update(child.token, parent.id, { alias: 'x' })).toMatchObject(failure('TOKEN_NOT_FOUND'));
  });

  it('is clamped to the token above it even when the user changes it', async () => {
    const { jwt, child } = await family();
    const all = { permissions: { admin: { users: true }, containers: { read: true } } };
    expect(await update(jwt, child.id, all)).toMatchObject(
      success({ permissions: permissionTree(['containers.read']) }),
    );
  });
});

describe('the realms of a token', () => {
  it('are added and removed idempotently; without the last one the token works everywhere', async () => {
    const jwt = await person();
    const { id, token } = await create(jwt);
    for (let time = 0; time < 2; time += 1) {
      expect(await addRealm(jwt, id, { realm_id: A })).toMatchObject(success({ realm_ids: [A] }));
    }
    expect(await me(token)).toMatchObject(failure('REALM_SCOPE_REQUIRED'));
    expect(await me(token, { realmId: A })).toMatchObject(success());
    for (let time = 0; time < 2; time += 1) {
      expect(await removeRealm(jwt, id, { realm_id: A })).toMatchObject(success({ realm_ids: [] }));
    }
    expect(await me(token)).toMatchObject(success());
    expect(await me(token, { realmId: B })).toMatchObject(success());
    const events = await stage.database.select().from(schema.events).where(eq(schema.events.resourceId, id));
    expect(events).toHaveLength(3);
  });

  it('are all kept when several are added at once', async () => {
    const jwt = await person();
    const { id } = await create(jwt);
    await Promise.all([A, B, C].map((realm_id) => addRealm(jwt, id, { realm_id })));
    const [row] = await tokenRow(id);
    expect(new Set(JSON.parse(row?.realmIdsJson ?? '[]'))).toEqual(new Set([A, B, C]));
  });

  it('keep the realm of the host that is called', async () => {
    const jwt = await person();
    const { id } = await create(jwt, { realm_ids: [A] });
    expect(await removeRealm(jwt, id, { realm_id: A }, { realmId: A })).toMatchObject(
      success({ realm_ids: [A] }),
    );
  });

  it('are bounded', async () => {
    const jwt = await person();
    const realm_ids = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(24, '0'));
    const { id } = await create(jwt, { realm_ids });
    expect(await addRealm(jwt, id, { realm_id: A })).toMatchObject(failure('VALIDATION_ERROR'));
  });
});

describe('copying a token', () => {
  it('gives another secret for the same powers, named after the source', async () => {
    const jwt = await person();
    const source = await create(jwt, { alias: 'ci', realm_ids: [A], expires_at: 'tomorrow', ...MAKER });
    const outcome = await copy(jwt, source.id);
    const { id, token } = made(outcome);
    expect(outcome).toMatchObject(
      success({ alias: 'ci copy', realm_ids: [A], expires_at: expect.any(String) }),
    );
    expect(id).not.toBe(source.id);
    expect(await me(token, { realmId: A })).toMatchObject(success());
    expect(await copy(jwt, source.id)).toMatchObject(failure('DUPLICATE_TOKEN_ALIAS'));
    expect(await copy(jwt, source.id, { alias: 'other', expires_at: null })).toMatchObject(
      success({ alias: 'other', expires_at: null }),
    );
    expect(JSON.stringify(await tokenRow(id))).not.toContain(token.slice(-48));
  });

  it('fits the alias of a source whose own is as long as may be', async () => {
    const jwt = await person();
    const source = await create(jwt, { alias: 'x'.repeat(254) });
    expect(await copy(jwt, source.id)).toMatchObject(success({ alias: `${'x'.repeat(249)} copy` }));
  });

  it('by a token is beneath it, and never of one outside its subtree', async () => {
    const jwt = await person();
    const parent = await create(jwt, MAKER);
    const child = await create(parent.token, MAKER);
    expect(await copy(parent.token, child.id)).toMatchObject(
      success({ created_by_token_id: parent.id, delegation_depth: 1 }),
    );
    expect(await copy(child.token, parent.id)).toMatchObject(failure('TOKEN_NOT_FOUND'));
  });

  it('takes what a sub-token may do now, not what it was made for', async () => {
    const jwt = await person();
    const parent = await create(jwt, MAKER);
    const child = await create(parent.token, MAKER);
    await update(jwt, parent.id, { permissions: { resources: { create_tokens: true } } });
    expect(await copy(jwt, child.id)).toMatchObject(
      success({ permissions: permissionTree(['resources.create_tokens']), created_by_token_id: null }),
    );
  });
});

describe('a public profile', () => {
  const publish = (authorization: string, body: object, more: Call = {}) =>
    stage.call(updatePublicProfile, { authorization, body, ...more });
  const look = (authorization: string, public_key: string, more: Call = {}) =>
    stage.call(getPublicProfile, { authorization, params: { public_key }, ...more });
  const publisher = async (jwt: string, body: object = {}) =>
    create(jwt, { permissions: { resources: { auth_token_public_profile: true } }, ...body });
  const freshKey = () => `${randomObjectId()}${randomObjectId()}${'AbCd'.repeat(4)}`;

  it('is set by the token itself and found by anyone signed in, whatever the case of the key', async () => {
    const { token } = await publisher(await person());
    const key = freshKey();
    const storage = { name: 'agent', nested: { deep: [1] } };
    expect(await publish(token, { public_key: key, public_storage: storage })).toMatchObject(success());
    const found = await look(await person(), key.toUpperCase());
    expect(found).toEqual({
      ok: true,
      data: { public_key: key.toLowerCase(), public_storage: storage },
      extra: {},
    });
    expect(await publish(token, { public_storage: null })).toMatchObject(
      success({ public_key: key.toLowerCase() }),
    );
    expect(await publish(token, { public_key: null })).toMatchObject(success({ public_key: null }));
    expect(await look(token, key)).toMatchObject(failure('RESOURCE_NOT_FOUND'));
  });

  it('is nothing for a session, nor for a token without the leaf', async () => {
    const jwt = await person();
    expect(await publish(jwt, { public_storage: {} })).toMatchObject(failure('INSUFFICIENT_PERMISSIONS'));
    const { token } = await create(jwt);
    expect(await publish(token, { public_storage: {} })).toMatchObject(failure('INSUFFICIENT_PERMISSIONS'));
  });

  it('belongs to the account that published the key first', async () => {
    const owner = await person();
    const key = freshKey();
    const first = await publisher(owner, { public_key: key });
    const thief = await person();
    const { token, id } = await publisher(thief);
    expect(await publish(token, { public_key: key })).toMatchObject(failure('VALIDATION_ERROR'));
    expect(await update(thief, id, { public_key: key })).toMatchObject(failure('VALIDATION_ERROR'));
    const stolen = await stage.call(createAuthToken, { authorization: thief, body: { public_key: key } });
    expect(stolen).toMatchObject(failure('VALIDATION_ERROR'));
    expect(await copy(owner, first.id)).toMatchObject(success({ public_key: key.toLowerCase() }));
  });

  it('goes with its token: disabled, expired or bound to another realm, it is not there', async () => {
    const jwt = await person();
    const key = freshKey();
    const { id } = await publisher(jwt, { public_key: key, realm_ids: [A] });
    expect(await look(jwt, key)).toMatchObject(success());
    expect(await look(jwt, key, { realmId: A })).toMatchObject(success());
    expect(await look(jwt, key, { realmId: B })).toEqual(await look(jwt, freshKey(), { realmId: B }));
    await update(jwt, id, { is_enabled: false });
    expect(await look(jwt, key)).toMatchObject(failure('RESOURCE_NOT_FOUND'));
  });
});
