import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import {
  addProjectPermission,
  listProjectPermissions,
  removeProjectPermission,
  updateProjectPermission,
} from './project-permissions.ts';
import { findProject } from './projects.ts';
import { events, projectPermissions, projectRealms, projects, users } from './schema.ts';
import type { AccessLevel } from './scope.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, eventFor, freshId, idOf, scopeFor, shareProject } from './test-rows.ts';

const [OWNER, READER, EDITOR, DELETER, FRIEND, STRANGER] = ['a', 'b', 'c', 'd', 'e', '9'].map(idOf) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const PROJECT = idOf('1');
const REALM = idOf('2');
const OTHER_REALM = idOf('3');

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  for (const table of [projectPermissions, projectRealms, projects, events, users])
    await database.delete(table);
  for (const id of [OWNER, READER, EDITOR, DELETER, FRIEND, STRANGER]) await addUser(database, id);
  await database
    .insert(projects)
    .values({ id: PROJECT, userId: OWNER, alias: 'p', color: '#FFF', createdAt: 1, updatedAt: 1 });
  await database.insert(projectRealms).values({ projectId: PROJECT, realmId: REALM });
  await shareProject(database, PROJECT, READER, 'read');
  await shareProject(database, PROJECT, EDITOR, 'edit');
  await shareProject(database, PROJECT, DELETER, 'delete');
});

const add = (
  callerId: string,
  userId: string,
  level: AccessLevel,
  realmId: string | null = null,
  id = freshId(),
) =>
  addProjectPermission(
    database,
    scopeFor(callerId, realmId),
    { id, projectId: PROJECT, userId, level },
    eventFor(OWNER, PROJECT, 5),
  );
const update = (callerId: string, id: string, level: AccessLevel, realmId: string | null = null) =>
  updateProjectPermission(
    database,
    scopeFor(callerId, realmId),
    { id, projectId: PROJECT, level },
    eventFor(OWNER, PROJECT, 5),
  );
const remove = (callerId: string, id: string, realmId: string | null = null) =>
  removeProjectPermission(
    database,
    scopeFor(callerId, realmId),
    { id, projectId: PROJECT },
    eventFor(OWNER, PROJECT, 5),
  );
async function grantOf(userId: string): Promise<string> {
  const [row] = await database.select().from(projectPermissions).where(eq(projectPermissions.userId, userId));
  if (row === undefined) throw new Error('there is no such grant');
  return row.id;
}
const snapshot = async () => [
  await database.select().from(projectPermissions),
  await database.select().from(events),
];

describe('sharing a project', () => {
  it('lets the collaborator in at once, at the given level, and tells the owner', async () => {
    expect(await findProject(database, scopeFor(FRIEND), PROJECT, 'read')).toBeNull();
    const added = await add(OWNER, FRIEND, 'edit');
    expect(added).toMatchObject({ kind: 'done', permission: { userId: FRIEND, level: 'edit' } });
    expect(await findProject(database, scopeFor(FRIEND), PROJECT, 'edit')).not.toBeNull();
    expect(await findProject(database, scopeFor(FRIEND), PROJECT, 'delete')).toBeNull();
    expect(await database.select().from(events)).toMatchObject([{ userId: OWNER }]);
  });

  it.each([
    ['owner', OWNER, ['read', 'edit', 'delete']],
    ['delete', DELETER, ['read', 'edit', 'delete']],
    ['edit', EDITOR, ['read', 'edit']],
    ['read', READER, []],
  ] as const)('by %s hands out no more than they have', async (_, callerId, allowed) => {
    for (const level of ['read', 'edit', 'delete'] as const) {
      const before = await snapshot();
      const outcome = await add(callerId, FRIEND, level);
      const may = allowed.some((each) => each === level);
      expect(outcome.kind).toBe(may ? 'done' : 'forbidden');
      if (may) await remove(OWNER, await grantOf(FRIEND));
      else expect(await snapshot()).toEqual(before);
    }
  });

  it.each([
    ['a user who has a grant', READER, 'exists'],
    ['the owner', OWNER, 'is_owner'],
    ['nobody', idOf('0'), 'missing_user'],
  ])('with %s is refused by name and changes nothing', async (_, userId, kind) => {
    const before = await snapshot();
    expect(await add(OWNER, userId, 'edit')).toEqual({ kind });
    expect(await snapshot()).toEqual(before);
  });

  it('repeated with the same id finds its own grant', async () => {
    const id = freshId();
    await add(OWNER, FRIEND, 'read', null, id);
    expect(await add(OWNER, FRIEND, 'read', null, id)).toMatchObject({ kind: 'done', permission: { id } });
    expect(await database.select().from(events)).toHaveLength(1);
  });

  it('waits for no project that is being deleted', async () => {
    await database.update(projects).set({ deletingSince: 1 });
    expect(await add(OWNER, FRIEND, 'read')).toEqual({ kind: 'deleting' });
  });
});

describe('changing and taking a grant', () => {
  it('is for owner and edit; a grant above one’s own level is out of reach', async () => {
    const [reader, deleter] = [await grantOf(READER), await grantOf(DELETER)];
    expect(await update(EDITOR, reader, 'edit')).toMatchObject({
      kind: 'done',
      permission: { level: 'edit' },
    });
    expect(await update(EDITOR, reader, 'delete')).toEqual({ kind: 'forbidden' });
    expect(await update(EDITOR, deleter, 'read')).toEqual({ kind: 'forbidden' });
    expect(await remove(EDITOR, deleter)).toEqual({ kind: 'forbidden' });
    expect(await update(EDITOR, await grantOf(EDITOR), 'delete')).toEqual({ kind: 'forbidden' });
    expect(await update(READER, reader, 'read')).toMatchObject({ kind: 'done' });
  });

  it('tells a reader nothing of which grants there are', async () => {
    expect(await update(READER, await grantOf(EDITOR), 'read')).toEqual({ kind: 'forbidden' });
    expect(await update(READER, freshId(), 'read')).toEqual({ kind: 'forbidden' });
    expect(await remove(READER, await grantOf(EDITOR))).toEqual({ kind: 'forbidden' });
    expect(await remove(READER, freshId())).toEqual({ kind: 'forbidden' });
  });

  it('shuts the collaborator out at once', async () => {
    expect(await remove(OWNER, await grantOf(DELETER))).toMatchObject({ kind: 'done' });
    expect(await findProject(database, scopeFor(DELETER), PROJECT, 'read')).toBeNull();
    expect(await remove(OWNER, freshId())).toEqual({ kind: 'missing_permission' });
  });

  it('does not reach into another project', async () => {
    const other = freshId();
    await database
      .insert(projects)
      .values({ id: other, userId: STRANGER, alias: 'o', color: '#FFF', createdAt: 1, updatedAt: 1 });
    await shareProject(database, other, FRIEND, 'read');
    expect(await update(OWNER, await grantOf(FRIEND), 'delete')).toEqual({ kind: 'missing_permission' });
    expect(await remove(OWNER, await grantOf(FRIEND))).toEqual({ kind: 'missing_permission' });
  });
});

describe('a project that the caller does not see', () => {
  it.each([
    ['a stranger', STRANGER, null],
    ['the owner in another realm', OWNER, OTHER_REALM],
  ])('is missing for %s', async (_, callerId, realmId) => {
    const before = await snapshot();
    expect(await add(callerId, FRIEND, 'read', realmId)).toEqual({ kind: 'missing_project' });
    expect(await update(callerId, await grantOf(READER), 'read', realmId)).toEqual({
      kind: 'missing_project',
    });
    expect(await remove(callerId, await grantOf(READER), realmId)).toEqual({ kind: 'missing_project' });
    expect(await snapshot()).toEqual(before);
  });
});

describe('the list of grants', () => {
  const list = (callerId: string, more: object = {}) =>
    listProjectPermissions(database, scopeFor(callerId), PROJECT, {
      page: 1,
      limit: 10,
      sortBy: 'permission_level',
      sortOrder: 'asc',
      ...more,
    });

  it('is whole for those who manage it, ordered by what the levels mean', async () => {
    for (const callerId of [OWNER, EDITOR, DELETER]) {
      const { rows, total } = await list(callerId);
      expect(rows.map(({ level }) => level)).toEqual(['read', 'edit', 'delete']);
      expect(total).toBe(3);
    }
  });

  it('is one’s own grant for a reader, in rows and total', async () => {
    expect(await list(READER)).toMatchObject({ rows: [{ userId: READER }], total: 1 });
    expect(await list(STRANGER)).toEqual({ rows: [], total: 0 });
  });

  it('has pages', async () => {
    expect(await list(OWNER, { page: 2, limit: 2 })).toMatchObject({ rows: [{ level: 'delete' }], total: 3 });
  });
});
