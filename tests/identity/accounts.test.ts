/** Accounts over real HTTP: profile, rights, passwords lost and changed, history and milestones. */
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, failed, openIdentityStage, textAt, type IdentityStage, type Person } from './identity-stage.ts';

let stage: IdentityStage;
let admin: string;
let operatorId: string;
beforeAll(async () => {
  stage = await openIdentityStage();
  admin = `Bearer ${stage.stack.bootstrap.admin_token}`;
  operatorId = textAt(await stage.call('GET', '/users/me', { authorization: admin }), 'data', 'id');
}, 90_000);
afterAll(() => stage?.release());

const get = (id: string, authorization: string) => stage.call('GET', `/users/${id}`, { authorization });
const update = (id: string, body: unknown, authorization: string, method = 'PUT') =>
  stage.call(method, `/users/${id}`, { authorization, body });
async function tokenOf(person: Person, permissions: object): Promise<string> {
  const made = await stage.call('POST', '/auth/tokens', {
    authorization: person.bearer,
    body: { permissions },
  });
  return textAt(made, 'data', 'token');
}

describe('a profile', () => {
  it('is changed by its user, by PUT and by PATCH, field by field', async () => {
    const { id, email, bearer } = await stage.newPerson();
    const publicKey = 'AB'.repeat(32);
    const metadata = { theme: 'dark', nested: { list: [1, null] } };
    expect(await update(id, { alias: 'Ann', public_key: publicKey, metadata }, bearer)).toMatchObject({
      status: 200,
      json: { data: { id, email, alias: 'Ann', public_key: publicKey.toLowerCase(), metadata } },
    });
    expect(await update(id, { alias: 'Anna' }, bearer, 'PATCH')).toMatchObject({
      status: 200,
      json: { data: { alias: 'Anna', metadata } },
    });
    expect((await get(id, bearer)).json).toMatchObject({ data: { alias: 'Anna', is_admin: false } });
  });

  it.each<[string, object]>([
    ['an empty alias', { alias: '' }],
    ['a long alias', { alias: 'x'.repeat(101) }],
    ['a key that is none', { public_key: 'xyz' }],
    ['metadata that is a list', { metadata: [] }],
    ['metadata beyond its bound', { metadata: { text: 'x'.repeat(70_000) } }],
    ['a password without the current one', { password: 'A new password 1' }],
    ['an unknown field', { email: 'other@example.test' }],
    ['a session generation', { session_generation: 1 }],
    ['verification', { email_verified: true }],
  ])('with %s is refused and stays', async (_name, body) => {
    const { id, bearer } = await stage.newPerson();
    const before = await get(id, bearer);
    expect(await update(id, body, bearer)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect((await get(id, bearer)).json).toEqual(before.json);
  });

  it("is nobody else's, and whether there is one isn't told", async () => {
    const [ann, bob] = [await stage.newPerson(), await stage.newPerson()];
    for (const act of [get, (id: string, bearer: string) => update(id, { alias: 'x' }, bearer)]) {
      const existing = await act(bob.id, ann.bearer);
      const missing = await act('0'.repeat(24), ann.bearer);
      expect(existing).toMatchObject(failed(403, 'INSUFFICIENT_PERMISSIONS'));
      expect(missing.json).toEqual(existing.json);
    }
    expect(await get('nonsense', ann.bearer)).toMatchObject(failed(400, 'INVALID_ID_FORMAT'));
  });

  it('shrinks for a token without resources.read_account, which changes nothing either', async () => {
    const person = await stage.newPerson();
    const token = await tokenOf(person, { projects: { read: true } });
    const seen = at(await get(person.id, token), 'data');
    expect(Object.keys(Object(seen)).toSorted()).toEqual([
      'alias',
      'created_at',
      'id',
      'updated_at',
      'username',
    ]);
    expect(await update(person.id, { alias: 'x' }, token)).toMatchObject(
      failed(403, 'INSUFFICIENT_PERMISSIONS'),
    );
    for (const path of ['/users/me/security-history', '/users/me/free-tier-status']) {
      const refused = await stage.call('GET', path, { authorization: token });
      expect(refused).toMatchObject(failed(403, 'INSUFFICIENT_PERMISSIONS'));
    }
  });
});

describe('rights', () => {
  it("are an administrator's to give and take; a ban works at once and leaves the profile", async () => {
    const person = await stage.newPerson();
    const { id, bearer } = person;
    expect(await update(id, { is_banned: true }, admin)).toMatchObject({
      status: 200,
      json: { data: { is_banned: true } },
    });
    const banned = await stage.call('GET', '/users/auth/activity', { authorization: bearer });
    expect(banned).toMatchObject(failed(403, 'ACCOUNT_BANNED'));
    expect(await stage.login(person)).toMatchObject(failed(403, 'ACCOUNT_BANNED'));
    expect(await stage.call('GET', '/users/me', { authorization: bearer })).toMatchObject({ status: 200 });
    expect(await update(id, { is_banned: false, is_admin: true }, admin)).toMatchObject({ status: 200 });
    expect(await get(operatorId, bearer)).toMatchObject({ status: 200 });
    const events = await stage.database
      .select({ type: schema.events.eventType })
      .from(schema.events)
      .where(eq(schema.events.resourceId, id));
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['user.banned', 'user.unbanned', 'user.role_changed']),
    );
  });

  it("set another's password with their own, and end that user's sessions", async () => {
    const { id, email, bearer, password } = await stage.newPerson();
    const fresh = 'Another long password 2';
    const set = (currentPassword: string) =>
      update(id, { password: fresh, current_password: currentPassword }, admin);
    expect(await set(password)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await set(stage.stack.bootstrap.operator.password)).toMatchObject({ status: 200 });
    expect(await get(id, bearer)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await stage.login({ email, password: fresh })).toMatchObject({ status: 200 });
  });

  it('are not to be had by sending them along', async () => {
    const { id, bearer } = await stage.newPerson();
    for (const body of [{ is_admin: true }, { is_banned: false }, { alias: 'x', is_admin: false }]) {
      expect(await update(id, body, bearer)).toMatchObject(failed(403, 'INSUFFICIENT_PERMISSIONS'));
    }
    const credentials = { email: 'mass@example.test', password: 'Long password 0' };
    const signup = await stage.call('POST', '/auth/signup', { body: { ...credentials, is_admin: true } });
    expect(signup).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    for (const metadata of [{ is_admin: true }, { user: { is_admin: true } }]) {
      await update(id, { metadata }, bearer);
      expect((await get(id, bearer)).json).toMatchObject({
        data: { is_admin: false, alias: expect.any(String) },
      });
    }
  });

  it('come with a session only: neither with an auth token nor with Basic', async () => {
    const { bootstrap } = stage.stack;
    const { id } = await stage.newPerson();
    const { username, password, token } = bootstrap.operator;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    for (const authorization of [`Bearer ${token}`, basic]) {
      expect(await get(id, authorization)).toMatchObject(failed(403, 'INSUFFICIENT_PERMISSIONS'));
      expect(await update(id, { is_banned: true }, authorization)).toMatchObject({ status: 403 });
    }
    expect(await get('0'.repeat(24), admin)).toMatchObject(failed(404, 'RESOURCE_NOT_FOUND'));
    for (const body of [{ is_admin: false }, { is_banned: true }]) {
      expect(await update(operatorId, body, admin)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
  });

  it('are not polluted by keys of prototypes', async () => {
    const { id, bearer } = await stage.newPerson();
    // Written as text: in an object literal __proto__ would set the prototype instead.
    const body = JSON.parse(
      '{"metadata": {"__proto__": {"is_admin": true}, "constructor": {"prototype": {"is_admin": true}}}}',
    ) as unknown;
    expect(await update(id, body, bearer)).toMatchObject({ status: 200 });
    const top = JSON.parse('{"alias": "x", "__proto__": {"is_admin": true}}') as unknown;
    expect((await update(id, top, bearer)).status).toBeGreaterThanOrEqual(200);
    const stranger = await stage.newPerson();
    for (const person of [{ id, bearer }, stranger]) {
      expect((await get(person.id, person.bearer)).json).toMatchObject({ data: { is_admin: false } });
      expect(await get(operatorId, person.bearer)).toMatchObject({ status: 403 });
    }
  });
});

describe('a password', () => {
  it('is changed with the current one; mails for its reset stop working', async () => {
    const person = await stage.newPerson();
    const { id, bearer, email, password } = person;
    await stage.call('POST', '/auth/forgot-password', { body: { email } });
    const token = await stage.mailedToken(email, 'reset_password');
    const fresh = 'Another long password 2';
    const change = (body: object) => update(id, { password: fresh, ...body }, bearer);
    expect(await change({ current_password: 'Wrong password 1' })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    expect(await change({ current_password: password, password: 'onlylowercase' })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    expect(await change({ current_password: password })).toMatchObject({ status: 200 });
    expect(await stage.login(person)).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    expect(await stage.login({ email, password: fresh })).toMatchObject({ status: 200 });
    const reset = await stage.call('POST', '/auth/reset-password', {
      body: { token, password: 'Third long password 3' },
    });
    expect(reset).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('that is forgotten is replaced by mail, once, and every session ends', async () => {
    const person = await stage.newPerson();
    const { email, bearer } = person;
    const forgot = (to: string) => stage.call('POST', '/auth/forgot-password', { body: { email: to } });
    const [known, unknown, nonsense] = [
      await forgot(email.toUpperCase()),
      await forgot('nobody@example.test'),
      await forgot('nonsense'),
    ];
    expect(known).toMatchObject({ status: 200, json: { data: null } });
    expect(unknown.json).toEqual(known.json);
    expect(nonsense.json).toEqual(known.json);
    const token = await stage.mailedToken(email, 'reset_password');
    await forgot(email);
    await expect.poll(() => stage.mailedTokens(email, 'reset_password')).toHaveLength(2);
    const second = await stage.mailedToken(email, 'reset_password');

    const fresh = 'Another long password 2';
    const reset = (text: string, password = fresh) =>
      stage.call('POST', '/auth/reset-password', { body: { token: text, password } });
    expect(await reset(token, 'onlylowercase')).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await reset('f'.repeat(64))).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    const outcomes = await Promise.all([reset(token), reset(token), reset(token)]);
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual([200, 400, 400]);
    for (const used of [token, second]) expect(await reset(used)).toMatchObject({ status: 400 });
    expect(await stage.call('GET', '/users/me', { authorization: bearer })).toMatchObject(
      failed(401, 'INVALID_TOKEN'),
    );
    expect(await stage.login(person)).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    expect(await stage.login({ email, password: fresh })).toMatchObject({ status: 200 });
  });

  it('is mailed about thrice an hour, and to confirmed, unbanned accounts only', async () => {
    const email = 'unconfirmed@example.test';
    await stage.call('POST', '/auth/signup', { body: { email, password: 'Long password 0' } });
    const person = await stage.newPerson();
    await update(person.id, { is_banned: true }, admin);
    const address = stage.freshAddress();
    const forgot = (to: string) =>
      stage.call('POST', '/auth/forgot-password', { body: { email: to }, address });
    for (const to of [email, person.email, 'nobody@example.test']) {
      expect(await forgot(to)).toMatchObject({ status: 200 });
    }
    expect(await forgot(email)).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
    // The last allowed mail of somebody else has arrived: those before it would have, too.
    const witness = await stage.newPerson();
    await stage.call('POST', '/auth/forgot-password', { body: { email: witness.email } });
    await stage.mailedToken(witness.email, 'reset_password');
    for (const to of [email, person.email]) expect(stage.mailedTokens(to, 'reset_password')).toEqual([]);
  });
});

describe('what an account remembers', () => {
  it('successful logins, failures and changes of secrets on request, in pages', async () => {
    const person = await stage.newPerson();
    await stage.login(person, { client: 'cli' });
    await stage.login(person, { client: 'a toaster' });
    await stage.login({ email: person.email, password: 'Wrong password' });
    const history = (query: string) =>
      stage.call('GET', `/users/me/security-history${query}`, { authorization: person.bearer });
    const plain = await history('');
    expect(plain).toMatchObject({ status: 200, json: { metadata: { total: 3, page: 1, pages: 1 } } });
    expect(at(plain, 'data')).toMatchObject([
      { event: 'login', outcome: 'success', client: 'unknown', country: null },
      { event: 'login', outcome: 'success', client: 'cli' },
      { event: 'login', outcome: 'success', client: null },
    ]);
    await expect.poll(async () => at(await history('?include_failed=true'), 'metadata', 'total')).toBe(4);
    expect((await history('?include_failed=true&limit=1&page=2')).json).toMatchObject({
      metadata: { total: 4, page: 2, limit: 1, pages: 4 },
    });
    for (const query of ['?limit=101', '?page=0', '?include_failed=maybe']) {
      expect(await history(query)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
  });

  it('the first time of a milestone, of known forms and not too many', async () => {
    const { id, bearer: authorization } = await stage.newPerson();
    const mark = (milestone: string) =>
      stage.call('POST', '/users/me/onboarding', { authorization, body: { milestone } });
    const first = await mark('hub_tour_v1');
    const time = textAt(first, 'data', 'onboarding', 'hub_tour_v1');
    expect(time).toMatch(/^\d{4}-.*Z$/);
    await mark('dashboard_first_container');
    const again = await mark('hub_tour_v1');
    expect(textAt(again, 'data', 'onboarding', 'hub_tour_v1')).toBe(time);
    expect((await get(id, authorization)).json).toMatchObject({
      data: { onboarding: { hub_tour_v1: time } },
    });
    for (const milestone of ['hub_tour_v1234', 'is_admin', 'dashboard_', '__proto__', 'onboarding_A']) {
      expect(await mark(milestone)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
    const full = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`dashboard_${index}`, time]));
    await stage.database
      .update(schema.users)
      .set({ onboardingJson: JSON.stringify(full) })
      .where(eq(schema.users.id, id));
    expect(await mark('onboarding_one_more')).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await mark('dashboard_5')).toMatchObject({ status: 200 });
  });
});
