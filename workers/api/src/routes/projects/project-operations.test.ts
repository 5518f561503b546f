import type { Database } from '@control-plane/database';
import { schema } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callOperation, type Caller } from '../operation-test-bed.ts';
import { listRealmsOperation } from '../realms/list-realms.ts';
import { createProjectOperation } from './create-project.ts';
import { getProjectOperation } from './get-project.ts';
import { listProjectsOperation } from './list-projects.ts';
import { updateProjectOperation } from './update-project.ts';

const USER = 'a'.repeat(24);
const OTHER = 'b'.repeat(24);
const REALM = '1'.repeat(24);
const OTHER_REALM = '2'.repeat(24);
const base: Caller = { userId: USER };
const inRealm: Caller = { userId: USER, realmId: REALM };
const bound: Caller = { userId: USER, realmId: REALM, tokenRealmIds: [REALM] };

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  for (const id of [USER, OTHER]) {
    const times = { createdAt: 1, updatedAt: 1 };
    await database
      .insert(schema.users)
      .values({ id, email: `${id}@example.test`, username: id, passwordHash: '-', ...times });
  }
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  await database.delete(schema.projects);
  await database.delete(schema.events);
});

interface ProjectBody {
  readonly id: string;
  readonly alias: string;
  readonly color: string;
  readonly realm_ids: string[];
}
const create = (body: unknown, caller = base) =>
  callOperation(createProjectOperation, database, caller, { body });
const update = (id: string, body: unknown, caller = base) =>
  callOperation(updateProjectOperation, database, caller, { params: { id }, body });
const get = (id: string, caller = base) =>
  callOperation(getProjectOperation, database, caller, { params: { id } });
const list = (query: Record<string, string>, caller = base) =>
  callOperation(listProjectsOperation, database, caller, { query });

async function made(body: unknown, caller = base): Promise<ProjectBody> {
  const answer = await create(body, caller);
  expect(answer.status).toBe(201);
  return answer.body as ProjectBody;
}

describe('creating', () => {
  it('gives an upper-case colour with #, by chance when none is asked for', async () => {
    expect((await made({ alias: 'a', color: 'abc' })).color).toBe('#ABC');
    expect((await made({ alias: 'b', color: '#12abef' })).color).toBe('#12ABEF');
    expect((await made({ alias: 'c' })).color).toMatch(/^#[0-9A-F]{6}$/);
  });

  it.each([
    ['no alias', {}, 'MISSING_REQUIRED_FIELD'],
    ['an empty alias', { alias: '' }, 'INVALID_ALIAS_FORMAT'],
    ['a long alias', { alias: 'x'.repeat(101) }, 'INVALID_ALIAS_FORMAT'],
    ['an alias that is no text', { alias: 5 }, 'INVALID_ALIAS_FORMAT'],
    ['a colour of four digits', { alias: 'x', color: '#1234' }, 'INVALID_COLOR_FORMAT'],
    ['a colour by name', { alias: 'x', color: 'red' }, 'INVALID_COLOR_FORMAT'],
    ['a negative quota', { alias: 'x', max_containers: -1 }, 'INVALID_QUOTA_VALUE'],
    ['half a container', { alias: 'x', max_containers: 1.5 }, 'INVALID_QUOTA_VALUE'],
    ['a malformed realm', { alias: 'x', realm_ids: ['nope'] }, 'VALIDATION_ERROR'],
    ['an unknown field', { alias: 'x', owner: USER }, 'VALIDATION_ERROR'],
    ['no object', [], 'VALIDATION_ERROR'],
    ['no body', undefined, 'VALIDATION_ERROR'],
  ])('refuses %s and makes nothing', async (_, body, code) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(await database.select().from(schema.projects)).toStrictEqual([]);
    expect(await database.select().from(schema.events)).toStrictEqual([]);
  });

  it('refuses an alias in use by name', async () => {
    await made({ alias: 'twice' });
    expect(await create({ alias: 'twice' })).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_ALIAS', error: 'Conflict' },
    });
  });

  it('adds the realm of the host, and is bound to it with a realm-bound token', async () => {
    expect((await made({ alias: 'a', realm_ids: [OTHER_REALM] }, inRealm)).realm_ids).toStrictEqual([
      REALM,
      OTHER_REALM,
    ]);
    expect((await made({ alias: 'b', realm_ids: [OTHER_REALM] }, bound)).realm_ids).toStrictEqual([REALM]);
  });

  it('tells of it in an event of the owner', async () => {
    const { id } = await made({ alias: 'told', realm_ids: [REALM] });
    const [event] = await database.select().from(schema.events);
    expect(event).toMatchObject({
      userId: USER,
      eventType: 'project.created',
      resourceId: id,
      resourceType: 'project',
    });
    expect(event?.realmIdsJson).toBe(JSON.stringify([REALM]));
  });
});

describe('reading', () => {
  it('gives the same answer for what is hidden, foreign, and not there', async () => {
    const { id } = await made({ alias: 'here', realm_ids: [OTHER_REALM] });
    const missing = await get('9'.repeat(24));
    expect(missing).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_FOUND' } });
    expect((await get(id, inRealm)).body).toStrictEqual(missing.body);
    expect((await get(id, { userId: OTHER })).body).toStrictEqual(missing.body);
    expect((await get(id)).status).toBe(200);
  });

  it('refuses a malformed id', async () => {
    expect(await get('nope')).toMatchObject({ status: 400, body: { code: 'INVALID_ID_FORMAT' } });
  });

  it('counts pages and keeps to the realm', async () => {
    for (const alias of ['a', 'b', 'c']) await made({ alias });
    await made({ alias: 'd' }, inRealm);
    expect((await list({ limit: '3', sort_by: 'alias', sort_order: 'asc' })).body).toMatchObject({
      projects: [{ alias: 'a' }, { alias: 'b' }, { alias: 'c' }],
      pagination: { total: 4, page: 1, limit: 3, totalPages: 2 },
    });
    expect((await list({}, inRealm)).body).toMatchObject({
      projects: [{ alias: 'd' }],
      pagination: { total: 1 },
    });
    expect((await list({ realm_id: REALM })).body).toMatchObject({ pagination: { total: 1 } });
  });

  it.each([
    { page: '0' },
    { limit: '101' },
    { limit: 'x' },
    { sort_by: 'color' },
    { realm_id: 'XYZ' },
  ] as Record<string, string>[])('refuses the query %j', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('shows grants when asked to', async () => {
    const { id } = await made({ alias: 'shared' });
    const grant = {
      id: 'c'.repeat(24),
      projectId: id,
      userId: OTHER,
      level: 'read' as const,
      createdAt: 1,
      updatedAt: 1,
    };
    await database.insert(schema.projectPermissions).values(grant);
    const query = { include_permissions: 'true' };
    const answer = await callOperation(getProjectOperation, database, base, { params: { id }, query });
    expect(answer.body).toMatchObject({
      permissions: [{ user_id: OTHER, permission_level: 'read', user: { id: OTHER, username: OTHER } }],
    });
    expect((await get(id)).body).not.toHaveProperty('permissions');
  });
});

describe('changing', () => {
  it('leaves what is not named', async () => {
    const { id } = await made({ alias: 'a', color: '#111', max_containers: 2 });
    expect(await update(id, { color: 'fff' })).toMatchObject({
      status: 200,
      body: { alias: 'a', color: '#FFF', max_containers: 2 },
    });
    expect(await update(id, { max_containers: null })).toMatchObject({ body: { max_containers: null } });
    expect(await update(id, {})).toMatchObject({ status: 200, body: { color: '#FFF' } });
  });

  it('keeps the active realm, and realms out of the hands of a realm-bound token', async () => {
    const { id } = await made({ alias: 'a' }, inRealm);
    expect((await update(id, { realm_ids: [OTHER_REALM] }, inRealm)).body).toMatchObject({
      realm_ids: [REALM, OTHER_REALM],
    });
    expect(await update(id, { alias: 'b', realm_ids: ['c'.repeat(24)] }, bound)).toMatchObject({
      status: 403,
      body: { code: 'INSUFFICIENT_PERMISSIONS' },
    });
    expect((await get(id)).body).toMatchObject({ alias: 'a' });
    expect((await update(id, { alias: 'b' }, bound)).status).toBe(200);
  });

  it.each([
    [{ alias: '' }, 'INVALID_ALIAS_FORMAT'],
    [{ color: '#GGG' }, 'INVALID_COLOR_FORMAT'],
    [{ max_containers: 'many' }, 'INVALID_QUOTA_VALUE'],
    [{ is_default: true }, 'VALIDATION_ERROR'],
  ])('refuses %j', async (body, code) => {
    const { id } = await made({ alias: 'a' });
    expect(await update(id, body)).toMatchObject({ status: 400, body: { code } });
  });

  it('needs more than a grant to read', async () => {
    const { id } = await made({ alias: 'shared' });
    const grant = {
      id: 'c'.repeat(24),
      projectId: id,
      userId: OTHER,
      level: 'read' as const,
      createdAt: 1,
      updatedAt: 1,
    };
    await database.insert(schema.projectPermissions).values(grant);
    expect(await update(id, { alias: 'taken over' }, { userId: OTHER })).toMatchObject({
      status: 403,
      body: { code: 'INSUFFICIENT_PERMISSIONS' },
    });
  });
});

describe('realms', () => {
  it('exist once something carries them', async () => {
    const read = (caller: Caller, query = {}) =>
      callOperation(listRealmsOperation, database, caller, { query });
    expect((await read(base)).body).toStrictEqual({ realm_ids: [], total: 0 });
    await made({ alias: 'a', realm_ids: [OTHER_REALM] }, inRealm);
    expect((await read(base, { include_usage: 'true' })).body).toStrictEqual({
      realm_ids: [REALM, OTHER_REALM],
      total: 2,
      usage: {
        [REALM]: { projects: 1, containers: 0, servers: 0, auth_tokens: 0 },
        [OTHER_REALM]: { projects: 1, containers: 0, servers: 0, auth_tokens: 0 },
      },
    });
    expect((await read(inRealm)).body).toStrictEqual({ realm_ids: [REALM], total: 1 });
  });
});
