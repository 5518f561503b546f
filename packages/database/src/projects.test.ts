import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import { listProjectPermissions } from './project-permissions.ts';
import {
  createProject,
  findProject,
  listProjects,
  selectProjects,
  updateProject,
  type NewProject,
  type ProjectListOptions,
} from './projects.ts';
import { projectReachable, projectVisible } from './project-scope.ts';
import { events, projects, users } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, eventFor, freshId, idOf, scopeFor, shareProject } from './test-rows.ts';

const OWNER = idOf('a');
const FRIEND = idOf('b');
const STRANGER = idOf('c');
const REALM_ONE = idOf('1');
const REALM_TWO = idOf('2');

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  await database.delete(projects);
  await database.delete(events);
  await database.delete(users);
  for (const id of [OWNER, FRIEND, STRANGER]) await addUser(database, id);
});

async function make(alias: string, more: Partial<NewProject> = {}, owner = OWNER): Promise<string> {
  const id = freshId();
  const project = { id, alias, color: '#FFF', maxContainers: null, realmIds: [], now: 10, ...more };
  const made = await createProject(database, scopeFor(owner), project, eventFor(owner, id, 10));
  expect(made.kind).toBe('created');
  return id;
}

const PAGE: ProjectListOptions = {
  page: 1,
  limit: 10,
  sortBy: 'created_at',
  sortOrder: 'desc',
  realmId: null,
};

const FIRST_PAGE = { page: 1, limit: 100, sortBy: 'created_at', sortOrder: 'asc' } as const;

async function countEvents(): Promise<number> {
  return (await database.select().from(events)).length;
}

describe('creating a project', () => {
  it('gives back what was stored, with sorted realms and full access, and records the event', async () => {
    const id = await make('first', { realmIds: [REALM_TWO, REALM_ONE], maxContainers: 0 });
    expect(await findProject(database, scopeFor(OWNER), id, 'delete')).toStrictEqual({
      id,
      userId: OWNER,
      alias: 'first',
      color: '#FFF',
      maxContainers: 0,
      isDefault: false,
      deletingSince: null,
      createdAt: 10,
      updatedAt: 10,
      realmIds: [REALM_ONE, REALM_TWO],
      access: 'owner',
    });
    expect(await countEvents()).toBe(1);
  });

  it('refuses an alias that the same owner uses, and leaves no trace of the attempt', async () => {
    await make('taken');
    const id = freshId();
    const project = {
      id,
      alias: 'taken',
      color: '#000',
      maxContainers: null,
      realmIds: [REALM_ONE],
      now: 20,
    };
    const second = await createProject(database, scopeFor(OWNER), project, eventFor(OWNER, id, 20));
    expect(second).toStrictEqual({ kind: 'duplicate_alias' });
    expect(await countEvents()).toBe(1);
    expect((await listProjects(database, scopeFor(OWNER), PAGE)).total).toBe(1);
  });

  it('lets another owner use the same alias', async () => {
    await make('shared name');
    await make('shared name', {}, FRIEND);
    expect((await database.select().from(projects)).length).toBe(2);
  });

  it('joins the first attempt when the id is repeated', async () => {
    const id = await make('once', { realmIds: [REALM_ONE] });
    const again = { id, alias: 'once', color: '#FFF', maxContainers: null, realmIds: [REALM_TWO], now: 30 };
    const second = await createProject(database, scopeFor(OWNER), again, eventFor(OWNER, id, 30));
    expect(second).toMatchObject({ kind: 'created', project: { id, realmIds: [REALM_ONE], createdAt: 10 } });
    expect(await countEvents()).toBe(1);
  });

  it('does not let a repeated id reach into another owner', async () => {
    const id = await make('mine', { realmIds: [REALM_ONE] });
    const theft = { id, alias: 'stolen', color: '#000', maxContainers: null, realmIds: [REALM_TWO], now: 30 };
    const outcome = await createProject(database, scopeFor(STRANGER), theft, eventFor(STRANGER, id, 30));
    expect(outcome).toStrictEqual({ kind: 'duplicate_alias' });
    expect(await findProject(database, scopeFor(OWNER), id, 'read')).toMatchObject({ realmIds: [REALM_ONE] });
  });

  it('never makes what the caller could not see', async () => {
    const project = { id: freshId(), alias: 'x', color: '#000', maxContainers: null, realmIds: [], now: 1 };
    const attempt = createProject(
      database,
      scopeFor(OWNER, REALM_ONE),
      project,
      eventFor(OWNER, project.id, 1),
    );
    await expect(attempt).rejects.toThrow('must carry it');
  });
});

describe('what a caller sees', () => {
  it('is nothing of other owners', async () => {
    const id = await make('private');
    expect(await findProject(database, scopeFor(STRANGER), id, 'read')).toBeNull();
    expect(await listProjects(database, scopeFor(STRANGER), PAGE)).toStrictEqual({ rows: [], total: 0 });
  });

  it('is in a realm only what carries it', async () => {
    const inside = await make('inside', { realmIds: [REALM_ONE] });
    const outside = await make('outside', { realmIds: [REALM_TWO] });
    await make('nowhere');
    const scope = scopeFor(OWNER, REALM_ONE);
    const list = await listProjects(database, scope, PAGE);
    expect(list.rows.map((row) => row.id)).toStrictEqual([inside]);
    expect(list.total).toBe(1);
    expect(await findProject(database, scope, outside, 'read')).toBeNull();
    expect((await listProjects(database, scopeFor(OWNER), PAGE)).total).toBe(3);
  });

  it('is narrowed by the realm filter and never widened by it', async () => {
    await make('one', { realmIds: [REALM_ONE] });
    await make('two', { realmIds: [REALM_TWO] });
    const filtered = await listProjects(database, scopeFor(OWNER), { ...PAGE, realmId: REALM_TWO });
    expect(filtered.rows.map((row) => row.alias)).toStrictEqual(['two']);
    const elsewhere = { ...PAGE, realmId: REALM_TWO };
    expect((await listProjects(database, scopeFor(OWNER, REALM_ONE), elsewhere)).total).toBe(0);
  });

  it.each([
    ['read', true, false, false],
    ['edit', true, true, false],
    ['delete', true, true, true],
  ] as const)(
    'with a grant of %s holds for read %s, edit %s, delete %s',
    async (level, read, edit, remove) => {
      const id = await make('shared');
      await shareProject(database, id, FRIEND, level);
      const seen = async (access: 'read' | 'edit' | 'delete') =>
        (await findProject(database, scopeFor(FRIEND), id, access)) !== null;
      expect([await seen('read'), await seen('edit'), await seen('delete')]).toStrictEqual([
        read,
        edit,
        remove,
      ]);
      expect((await findProject(database, scopeFor(FRIEND), id, 'read'))?.access).toBe(level);
    },
  );

  it('comes in pages in the order asked for', async () => {
    for (const [alias, now] of [
      ['b', 1],
      ['a', 2],
      ['c', 3],
    ] as const)
      await make(alias, { now });
    const aliases = async (options: Partial<ProjectListOptions>) =>
      (await listProjects(database, scopeFor(OWNER), { ...PAGE, ...options })).rows.map((row) => row.alias);
    expect(await aliases({})).toStrictEqual(['c', 'a', 'b']);
    expect(await aliases({ sortBy: 'alias', sortOrder: 'asc' })).toStrictEqual(['a', 'b', 'c']);
    expect(await aliases({ sortBy: 'alias', sortOrder: 'asc', limit: 2, page: 2 })).toStrictEqual(['c']);
    expect(await aliases({ page: 9 })).toStrictEqual([]);
  });
});

describe('the query of the list', () => {
  it('begins from the caller by index instead of reading every project', async () => {
    const query = selectProjects(
      database,
      scopeFor(OWNER),
      and(projectReachable(scopeFor(OWNER)), projectVisible(database, scopeFor(OWNER), 'read')),
    );
    const plan = await database.all<{ detail: string }>(sql`explain query plan ${query.getSQL()}`);
    const steps = plan.map(({ detail }) => detail);
    expect(
      steps.filter((step) => /^SCAN (projects|mine|shared|project_permissions)/.test(step)),
    ).toStrictEqual([]);
    expect(steps).toContainEqual(expect.stringMatching(/^SEARCH mine USING .*INDEX projects_user_alias/));
  });
});

describe('changing a project', () => {
  const change = (id: string, changes: object, caller = OWNER, now = 50) =>
    updateProject(database, scopeFor(caller), id, changes, eventFor(caller, id, now));

  it('changes the named fields alone', async () => {
    const id = await make('old', { realmIds: [REALM_ONE], maxContainers: 3 });
    expect(await change(id, { alias: 'new' })).toMatchObject({
      kind: 'updated',
      project: { alias: 'new', color: '#FFF', maxContainers: 3, realmIds: [REALM_ONE], updatedAt: 50 },
    });
    expect(await change(id, { maxContainers: null, realmIds: [REALM_TWO] })).toMatchObject({
      kind: 'updated',
      project: { alias: 'new', maxContainers: null, realmIds: [REALM_TWO] },
    });
    expect(await change(id, { realmIds: [] })).toMatchObject({ project: { realmIds: [] } });
  });

  it('accepts the alias that the project has already', async () => {
    const id = await make('same');
    expect((await change(id, { alias: 'same' })).kind).toBe('updated');
  });

  it('changes nothing and records nothing when refused', async () => {
    await make('taken');
    const id = await make('mine', { realmIds: [REALM_ONE] });
    await shareProject(database, id, FRIEND, 'read');
    const before = await findProject(database, scopeFor(OWNER), id, 'read');
    const recorded = await countEvents();
    const changes = { alias: 'taken', color: '#000', realmIds: [REALM_TWO] };
    expect(await change(id, changes)).toStrictEqual({ kind: 'duplicate_alias' });
    expect(await change(id, { ...changes, alias: 'free' }, FRIEND)).toStrictEqual({ kind: 'forbidden' });
    expect(await change(id, { ...changes, alias: 'free' }, STRANGER)).toStrictEqual({ kind: 'missing' });
    expect(await change(freshId(), { alias: 'free' })).toStrictEqual({ kind: 'missing' });
    await database.update(projects).set({ deletingSince: 5 }).where(eq(projects.id, id));
    expect(await change(id, { alias: 'free' })).toStrictEqual({ kind: 'deleting' });
    await database.update(projects).set({ deletingSince: null }).where(eq(projects.id, id));
    expect(await findProject(database, scopeFor(OWNER), id, 'read')).toStrictEqual(before);
    expect(await countEvents()).toBe(recorded);
  });

  it('looks for a taken alias among the owner projects when a collaborator changes it', async () => {
    const id = await make('mine');
    await make('wanted', {}, FRIEND);
    await shareProject(database, id, FRIEND, 'edit');
    expect(await change(id, { alias: 'wanted' }, FRIEND)).toMatchObject({
      kind: 'updated',
      project: { alias: 'wanted', userId: OWNER, access: 'edit' },
    });
  });
});

describe('grants of a project', () => {
  it('are seen whole by who manages them, and by others only as far as their own', async () => {
    const id = await make('shared');
    await shareProject(database, id, FRIEND, 'read');
    await shareProject(database, id, STRANGER, 'edit');
    const seenBy = async (userId: string) =>
      (await listProjectPermissions(database, scopeFor(userId), id, FIRST_PAGE)).rows.map(
        (row) => row.userId,
      );
    expect(await seenBy(OWNER)).toStrictEqual([FRIEND, STRANGER]);
    expect(await seenBy(STRANGER)).toStrictEqual([FRIEND, STRANGER]);
    expect(await seenBy(FRIEND)).toStrictEqual([FRIEND]);
    const hidden = await listProjectPermissions(database, scopeFor(OWNER, REALM_ONE), id, FIRST_PAGE);
    expect(hidden).toStrictEqual({ rows: [], total: 0 });
  });
});
