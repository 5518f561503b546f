/** Projects and realms through the whole stack: router, api, database. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { at, clientOf, logIn, textAt, type ApiClient } from './api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

const REALM = 'a1'.repeat(12);
const OTHER_REALM = 'b2'.repeat(12);
const MISSING = 'f'.repeat(24);

let stack: Stack;
let release: (() => Promise<void>) | undefined;
let user: ApiClient;
let stranger: ApiClient;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false }));
  const [first, second] = stack.bootstrap.users;
  if (first === undefined || second === undefined) throw new Error('the stack has no ordinary users');
  user = clientOf(stack, await logIn(stack, first));
  stranger = clientOf(stack, await logIn(stack, second));
}, 90_000);
afterAll(() => release?.());

const freshAlias = () => `project ${randomBytes(6).toString('hex')}`;
async function made(body: object = {}, realmId?: string): Promise<string> {
  const place = realmId === undefined ? {} : { realmId };
  const answer = await user.call('POST', '/projects/', { body: { alias: freshAlias(), ...body }, ...place });
  expect(answer.json).toMatchObject({ statusCode: 201 });
  return textAt(answer, 'data', 'id');
}
const count = async () => at(await user.call('GET', '/projects/'), 'data', 'pagination', 'total');

describe('a project', () => {
  it('is made, read, changed by PUT and by PATCH, and deleted', async () => {
    const id = await made({ color: 'abc', max_containers: 3 });
    const read = await user.call('GET', `/projects/${id}`);
    expect(read.json).toMatchObject({
      statusCode: 200,
      data: { id, color: '#ABC', max_containers: 3, is_default: false, realm_ids: [] },
    });
    const alias = freshAlias();
    const put = await user.call('PUT', `/projects/${id}`, { body: { alias, max_containers: null } });
    expect(put.json).toMatchObject({ statusCode: 200, data: { alias, max_containers: null, color: '#ABC' } });
    const patch = await user.call('PATCH', `/projects/${id}`, { body: { color: '#00ff00' } });
    expect(patch.json).toMatchObject({ data: { alias, color: '#00FF00' } });
    const removed = await user.call('DELETE', `/projects/${id}?include_deleted_items=true`);
    expect(removed.json).toMatchObject({
      statusCode: 200,
      data: { deleted: { containers: 0, permissions: 0, aliases: 0 }, deleted_items: { containers: [] } },
    });
    expect((await user.call('GET', `/projects/${id}`)).status).toBe(404);
    expect((await user.call('DELETE', `/projects/${id}`)).status).toBe(404);
  });

  it('is listed with and without the trailing slash', async () => {
    await made();
    const [slash, plain] = await Promise.all([user.call('GET', '/projects/'), user.call('GET', '/projects')]);
    expect(slash.status).toBe(200);
    expect(plain.json).toStrictEqual(slash.json);
  });

  it('is made once by a repeated request with one Idempotency-Key', async () => {
    const body = { alias: freshAlias() };
    const headers = { 'idempotency-key': randomBytes(12).toString('hex') };
    const first = await user.call('POST', '/projects/', { body, headers });
    const second = await user.call('POST', '/projects/', { body, headers });
    expect(first.status).toBe(201);
    expect(second.json).toStrictEqual(first.json);
  });

  it('is made by exactly one of many requests with the same alias', async () => {
    const body = { alias: freshAlias() };
    const attempts = Array.from({ length: 8 }, () => user.call('POST', '/projects/', { body }));
    const statuses = (await Promise.all(attempts)).map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toStrictEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });

  it('that is the default one stays', async () => {
    const projects = at(await user.call('GET', '/projects/?limit=100'), 'data', 'projects');
    const list = Array.isArray(projects) ? (projects as { id: string; is_default: boolean }[]) : [];
    const id = list.find((project) => project.is_default)?.id ?? '';
    const answer = await user.call('DELETE', `/projects/${id}`);
    expect(answer.json).toMatchObject({ statusCode: 403, code: 'DEFAULT_PROJECT_PROTECTED' });
    expect((await user.call('GET', `/projects/${id}`)).status).toBe(200);
  });

  it('has stats that say so when it is empty', async () => {
    const id = await made();
    expect((await user.call('GET', `/projects/${id}/stats`)).json).toMatchObject({
      data: { stats: [], summary: { project_id: id, container_count: 0 } },
    });
    expect((await stranger.call('GET', `/projects/${id}/stats`)).status).toBe(404);
  });

  it('of another user looks as if it were not there', async () => {
    const id = await made();
    const missing = await stranger.call('GET', `/projects/${MISSING}`);
    expect(missing.status).toBe(404);
    for (const [method, body] of [['GET'], ['DELETE'], ['PUT', { alias: 'mine now' }]] as const) {
      const answer = await stranger.call(method, `/projects/${id}`, body === undefined ? {} : { body });
      expect(answer.text).toBe(missing.text);
    }
    expect((await user.call('GET', `/projects/${id}`)).status).toBe(200);
  });
});

describe('bad input', () => {
  it.each<[string, unknown, string]>([
    ['no alias', {}, 'MISSING_REQUIRED_FIELD'],
    ['an empty alias', { alias: '' }, 'INVALID_ALIAS_FORMAT'],
    ['an alias of 101 characters', { alias: 'x'.repeat(101) }, 'INVALID_ALIAS_FORMAT'],
    ['an alias that is a number', { alias: 7 }, 'INVALID_ALIAS_FORMAT'],
    ['a colour that is none', { alias: 'x', color: '#12345' }, 'INVALID_COLOR_FORMAT'],
    ['a negative quota', { alias: 'x', max_containers: -1 }, 'INVALID_QUOTA_VALUE'],
    ['a malformed realm', { alias: 'x', realm_ids: ['REALM'] }, 'VALIDATION_ERROR'],
    ['an unknown field', { alias: 'x', id: MISSING }, 'VALIDATION_ERROR'],
    ['a list', [], 'VALIDATION_ERROR'],
  ])('%s is refused by its code and makes nothing', async (_, body, code) => {
    const before = await count();
    const answer = await user.call('POST', '/projects/', { body });
    expect(answer.json).toMatchObject({ statusCode: 400, code });
    expect(await count()).toBe(before);
  });

  it.each<[string, string, number, string]>([
    ['a malformed id', '/projects/nope', 400, 'INVALID_ID_FORMAT'],
    ['an upper-case id', `/projects/${'F'.repeat(24)}`, 400, 'INVALID_ID_FORMAT'],
    ['page 0', '/projects/?page=0', 400, 'VALIDATION_ERROR'],
    ['a page of 101', '/projects/?limit=101', 400, 'VALIDATION_ERROR'],
    ['an order by nothing known', '/projects/?sort_by=color', 400, 'VALIDATION_ERROR'],
    ['a malformed realm filter', '/projects/?realm_id=x', 400, 'VALIDATION_ERROR'],
    ['a flag that is none', '/realms/?include_usage=perhaps', 400, 'VALIDATION_ERROR'],
  ])('%s is refused by its code', async (_, path, statusCode, code) => {
    expect((await user.call('GET', path)).json).toMatchObject({ statusCode, code });
  });

  it('without a credential is refused first', async () => {
    const nobody = clientOf(stack, null);
    expect((await nobody.call('GET', '/projects/')).json).toMatchObject({
      statusCode: 401,
      code: 'MISSING_TOKEN',
    });
    const body = { alias: 'x' };
    expect((await nobody.call('POST', '/projects/', { body })).status).toBe(401);
  });
});

describe('a realm', () => {
  it('is given to what is made on its host, and hides everything else', async () => {
    const inside = await made({}, REALM);
    const outside = await made({ realm_ids: [OTHER_REALM] });
    const seen = await user.call('GET', `/projects/${inside}`, { realmId: REALM });
    expect(at(seen, 'data', 'realm_ids')).toStrictEqual([REALM]);
    const hidden = await user.call('GET', `/projects/${outside}`, { realmId: REALM });
    const missing = await user.call('GET', `/projects/${MISSING}`, { realmId: REALM });
    expect(hidden.status).toBe(404);
    expect(hidden.text).toBe(missing.text);
    for (const [method, body] of [['DELETE'], ['PATCH', { color: '#000' }]] as const) {
      const answer = await user.call(method, `/projects/${outside}`, {
        realmId: REALM,
        ...(body && { body }),
      });
      expect(answer.text).toBe(missing.text);
    }
    const list = await user.call('GET', '/projects/?limit=100', { realmId: REALM });
    expect(list.text).toContain(inside);
    expect(list.text).not.toContain(outside);
    expect((await user.call('GET', `/projects/${outside}`)).status).toBe(200);
  });

  it('is listed as soon as something carries it, with what does', async () => {
    await made({ realm_ids: [OTHER_REALM] }, REALM);
    const answer = await user.call('GET', '/realms/?include_usage=true');
    expect(at(answer, 'data', 'realm_ids')).toStrictEqual([REALM, OTHER_REALM]);
    expect(at(answer, 'data', 'usage', REALM)).toMatchObject({ containers: 0, servers: 0, auth_tokens: 0 });
    expect(at(await user.call('GET', '/realms', { realmId: REALM }), 'data', 'realm_ids')).toStrictEqual([
      REALM,
    ]);
    expect(at(await stranger.call('GET', '/realms/'), 'data', 'realm_ids')).toStrictEqual([]);
  });

  it('holds a token that is bound to it', async () => {
    const request = { alias: freshAlias(), realm_ids: [REALM], permission_template: 'full_access' };
    const bound = clientOf(
      stack,
      textAt(await user.call('POST', '/auth/tokens', { body: request }), 'data', 'token'),
    );
    const body = { alias: freshAlias(), realm_ids: [OTHER_REALM] };
    const created = await bound.call('POST', '/projects/', { body, realmId: REALM });
    expect(at(created, 'data', 'realm_ids')).toStrictEqual([REALM]);
    const id = textAt(created, 'data', 'id');
    const change = { realm_ids: [REALM, OTHER_REALM] };
    expect(
      (await bound.call('PATCH', `/projects/${id}`, { body: change, realmId: REALM })).json,
    ).toMatchObject({
      statusCode: 403,
      code: 'INSUFFICIENT_PERMISSIONS',
    });
    expect((await bound.call('GET', `/projects/${id}`)).status).toBe(403);
    expect((await bound.call('GET', `/projects/${id}`, { realmId: OTHER_REALM })).status).toBe(403);
    expect((await user.call('PATCH', `/projects/${id}`, { body: change })).json).toMatchObject({
      data: change,
    });
  });
});
