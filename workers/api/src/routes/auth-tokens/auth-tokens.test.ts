import { randomObjectId, jwtKeys } from '@control-plane/serving';
import { PERMISSION_LEAVES } from '@control-plane/contract/permissions';
import { grantedLeaves, permissionTree, secureRandom, signAccessToken } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getCurrentUser } from '../authentication/get-current-user.ts';
import { openStage, type Call, type Outcome, type Stage } from '../authentication/test-context.ts';
import { createAuthToken } from './create-auth-token.ts';
import { deleteAuthToken } from './delete-auth-token.ts';
import { getAuthToken } from './get-auth-token.ts';
import { getCurrentAuthToken } from './get-current-auth-token.ts';
import { listAuthTokens } from './list-auth-tokens.ts';
import { listPermissionTemplates } from './list-permission-templates.ts';

const REALM = 'a1'.repeat(12);
const OTHER_REALM = 'b2'.repeat(12);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.dispose());

const failure = (code: string) => ({ ok: false, error: { code } });

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
const create = (authorization: string, body: object, more: Call = {}) =>
  stage.call(createAuthToken, { authorization, body, ...more });
function made(outcome: Outcome): { id: string; token: string } {
  const { id, token } = outcome.ok ? outcome.data : {};
  if (typeof id !== 'string' || typeof token !== 'string') throw new Error(JSON.stringify(outcome));
  return { id, token };
}
const listed = async (authorization: string, more: Call = {}) => {
  const outcome = await stage.call(listAuthTokens, { authorization, ...more });
  return outcome.ok ? Object.values(outcome.data) : [];
};
const current = (authorization: string, more: Call = {}) =>
  stage.call(getCurrentAuthToken, { authorization, ...more });

describe('creating a token', () => {
  it('shows its secret once and keeps only a hash', async () => {
    const jwt = await person();
    const outcome = await create(jwt, { permission_template: 'dev_team' });
    const { id, token } = made(outcome);
    expect(outcome).toMatchObject({
      ok: true,
      data: { prefix: 'hdy_', ip_whitelist: ['*'], is_enabled: true, expires_at: null, event_access: true },
    });
    const seen = await stage.call(getAuthToken, { authorization: jwt, params: { id } });
    const stored = await stage.database.select().from(schema.authTokens).where(eq(schema.authTokens.id, id));
    for (const text of [seen, await listed(jwt), stored, await stage.database.select().from(schema.events)]) {
      expect(JSON.stringify(text)).not.toContain(token.slice(-48));
    }
    expect(seen).toMatchObject({ ok: true, data: { id } });
    expect(await current(token)).toMatchObject({ ok: true, data: { token: { id } } });
  });

  it('names it after an animal when nobody does, and refuses a name twice', async () => {
    const jwt = await person();
    expect(await create(jwt, {})).toMatchObject({
      ok: true,
      data: { alias: expect.stringMatching(/^[a-z]+-[a-z]+-[0-9a-f]{4}$/) },
    });
    expect(await create(jwt, { alias: 'CI runner' })).toMatchObject({ ok: true });
    expect(await create(jwt, { alias: 'CI runner' })).toMatchObject(failure('DUPLICATE_TOKEN_ALIAS'));
    expect(await create(await person(), { alias: 'CI runner' })).toMatchObject({ ok: true });
  });

  it('on a realm host gives it that realm, and shows there only what carries it', async () => {
    const jwt = await person();
    const free = made(await create(jwt, {}));
    const outcome = await create(jwt, { realm_ids: [OTHER_REALM] }, { realmId: REALM });
    expect(outcome).toMatchObject({ ok: true, data: { realm_ids: [OTHER_REALM, REALM] } });
    expect(await listed(jwt, { realmId: REALM })).toMatchObject([{ id: made(outcome).id }]);
    const hidden = await stage.call(getAuthToken, {
      authorization: jwt,
      params: { id: free.id },
      realmId: REALM,
    });
    const missing = await stage.call(getAuthToken, { authorization: jwt, params: { id: randomObjectId() } });
    expect(hidden).toEqual(missing);
    expect(hidden).toMatchObject(failure('TOKEN_NOT_FOUND'));
  });

  it('joins a retry of the same request: one token, whose last secret works', async () => {
    const jwt = await person();
    const seedId = randomObjectId();
    const first = made(await create(jwt, { alias: 'once' }, { seedId }));
    const second = made(await create(jwt, { alias: 'once' }, { seedId }));
    expect(second.id).toBe(first.id);
    expect(await listed(jwt)).toHaveLength(1);
    expect(await current(second.token)).toMatchObject({ ok: true });
    expect(await current(first.token)).toMatchObject(failure('INVALID_TOKEN'));
  });
});

describe('using a token', () => {
  it('is bound to its realms; only tokens/me answers on the base host', async () => {
    const { token } = made(await create(await person(), { realm_ids: [REALM] }));
    const use = (realmId?: string) =>
      stage.call(getCurrentUser, { authorization: token, ...(realmId === undefined ? {} : { realmId }) });
    expect(await use(REALM)).toMatchObject({ ok: true });
    const base = await use();
    expect(base).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('requires a realm-scoped URL') },
    });
    const other = await use(OTHER_REALM);
    expect(other).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('not valid for realm') },
    });
    expect(await current(token)).toMatchObject({
      ok: true,
      data: {
        restrictions: {
          has_realm_restrictions: true,
          requires_realm_scope: true,
          allowed_realm_ids: [REALM],
          active_realm_id: null,
        },
      },
    });
    expect(await current(token, { realmId: OTHER_REALM })).toMatchObject(failure('REALM_SCOPE_REQUIRED'));
  });

  it('is bound to its addresses, IPv4 and IPv6, written either way', async () => {
    const { token } = made(await create(await person(), { ip_whitelist: '203.0.113.0/24, 2001:db8::/32' }));
    const from = (clientAddress: string) => current(token, { clientAddress });
    expect(await from('203.0.113.77')).toMatchObject({ ok: true });
    expect(await from('::ffff:203.0.113.77')).toMatchObject({ ok: true });
    expect(await from('2001:db8::1')).toMatchObject({ ok: true });
    expect(await from('203.0.114.1')).toMatchObject(failure('IP_NOT_ALLOWED'));
    expect(await from('2001:db9::1')).toMatchObject(failure('IP_NOT_ALLOWED'));
  });

  it('ends with its expiry, its switch and its deletion, at the next request', async () => {
    const jwt = await person();
    const set = (id: string, values: object) =>
      stage.database.update(schema.authTokens).set(values).where(eq(schema.authTokens.id, id));
    const expired = made(await create(jwt, { expires_at: 'tomorrow' }));
    await set(expired.id, { expiresAt: Date.now() });
    expect(await current(expired.token)).toMatchObject(failure('TOKEN_EXPIRED'));
    const disabled = made(await create(jwt, {}));
    await set(disabled.id, { isEnabled: false });
    expect(await current(disabled.token)).toMatchObject(failure('INVALID_TOKEN'));
    const deleted = made(await create(jwt, {}));
    const remove = () => stage.call(deleteAuthToken, { authorization: jwt, params: { id: deleted.id } });
    expect(await remove()).toMatchObject({ ok: true });
    expect(await current(deleted.token)).toMatchObject(failure('INVALID_TOKEN'));
    expect(await remove()).toMatchObject(failure('TOKEN_NOT_FOUND'));
  });

  it('needs the whole secret: a right id with a wrong rest is refused', async () => {
    const { id, token } = made(await create(await person(), {}));
    expect(await current(`hdy_${id}_${'0'.repeat(48)}`)).toMatchObject(failure('INVALID_TOKEN'));
    expect(await current(`${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`)).toMatchObject(
      failure('INVALID_TOKEN'),
    );
  });

  it('is noted with time and address', async () => {
    const jwt = await person();
    const { id, token } = made(await create(jwt, {}));
    await current(token, { clientAddress: '192.0.2.55' });
    expect(await stage.call(getAuthToken, { authorization: jwt, params: { id } })).toMatchObject({
      ok: true,
      data: { last_used_ip: '192.0.2.55', last_used_at: expect.any(String) },
    });
  });

  it('is no session: tokens/me refuses a JWT', async () => {
    expect(await current(await person())).toMatchObject(failure('INSUFFICIENT_PERMISSIONS'));
  });
});

describe('delegation', () => {
  const maker = { permissions: { resources: { create_tokens: true }, containers: { read: true } } };

  it('needs the leaf, and names it', async () => {
    const { token } = made(await create(await person(), { permission_template: 'dev_team' }));
    expect(await create(token, {})).toMatchObject({
      ok: false,
      error: {
        code: 'INSUFFICIENT_PERMISSIONS',
        message: expect.stringContaining('resources.create_tokens'),
      },
    });
  });

  it('clamps the child to its maker and records where it came from', async () => {
    const parent = made(
      await create(await person(), { ...maker, event_access: false, expires_at: 'tomorrow' }),
    );
    const outcome = await create(parent.token, { permission_template: 'full_access', vault_access: true });
    expect(outcome).toMatchObject({
      ok: true,
      data: {
        permissions: permissionTree(['containers.read', 'resources.create_tokens']),
        created_by_token_id: parent.id,
        delegation_depth: 1,
        vault_access: false,
        event_access: false,
        expires_at: expect.any(String),
      },
    });
  });

  it('shows and gives a token its own subtree only', async () => {
    const jwt = await person();
    const parent = made(await create(jwt, maker));
    const stranger = made(await create(jwt, {}));
    const child = made(await create(parent.token, {}));
    expect((await listed(parent.token)).map((row) => Reflect.get(Object(row), 'id'))).toHaveLength(2);
    const remove = (id: string) =>
      stage.call(deleteAuthToken, { authorization: parent.token, params: { id } });
    expect(await remove(stranger.id)).toMatchObject(failure('TOKEN_NOT_FOUND'));
    expect(await remove(parent.id)).toMatchObject(failure('TOKEN_NOT_FOUND'));
    expect(await remove(child.id)).toMatchObject({ ok: true });
    const types = await stage.database
      .select()
      .from(schema.events)
      .where(eq(schema.events.resourceId, child.id));
    expect(types.map(({ eventType }) => eventType).toSorted()).toEqual([
      'auth.token.created',
      'auth.token.deleted',
    ]);
  });
});

describe('templates', () => {
  it('are served resolved', async () => {
    const outcome = await stage.call(listPermissionTemplates, { authorization: await person() });
    const templates = outcome.ok ? Object.values(outcome.data) : [];
    expect(templates).toHaveLength(5);
    expect(grantedLeaves(Reflect.get(Object(templates[0]), 'permissions'))).toEqual([...PERMISSION_LEAVES]);
  });
});
