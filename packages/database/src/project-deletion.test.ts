import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import {
  PROJECT_DELETION_LEASE_MS,
  clearProjectDeleting,
  deleteProject,
  listCascadeContainers,
  markProjectDeleting,
  sweepProjectDeletions,
} from './project-deletion.ts';
import { createProject, findProject } from './projects.ts';
import {
  containerRealms,
  containers,
  events,
  projectPermissions,
  projectRealms,
  projects,
  users,
} from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addContainer, addUser, eventFor, freshId, idOf, scopeFor, shareProject } from './test-rows.ts';

const OWNER = idOf('a');
const FRIEND = idOf('b');
const REALM = idOf('1');
const NOW = 1_000_000_000;
const owner = scopeFor(OWNER);

let temporary: TemporaryDatabase;
let database: Database;
let projectId: string;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  await database.delete(containers);
  await database.delete(projects);
  await database.delete(events);
  await database.delete(users);
  await addUser(database, OWNER);
  await addUser(database, FRIEND);
  projectId = await make('doomed');
});

async function make(alias: string): Promise<string> {
  const id = freshId();
  const project = { id, alias, color: '#FFF', maxContainers: null, realmIds: [REALM], now: 1 };
  await createProject(database, owner, project, eventFor(OWNER, id, 1));
  return id;
}

const remove = (mark: number) => deleteProject(database, projectId, mark, eventFor(OWNER, projectId, mark));

describe('marking', () => {
  it('is for one deletion at a time', async () => {
    expect(await markProjectDeleting(database, owner, projectId, NOW)).toMatchObject({
      kind: 'marked',
      project: { id: projectId, deletingSince: NOW },
    });
    expect(await markProjectDeleting(database, owner, projectId, NOW + 1)).toStrictEqual({
      kind: 'in_progress',
    });
  });

  it('is won by exactly one of many that try at once', async () => {
    const attempts = Array.from({ length: 10 }, (_, index) =>
      markProjectDeleting(database, owner, projectId, NOW + index),
    );
    const kinds = (await Promise.all(attempts)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'marked')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'in_progress')).toHaveLength(9);
  });

  it('is open again once a deletion died without clearing its mark', async () => {
    await markProjectDeleting(database, owner, projectId, NOW);
    const later = NOW + PROJECT_DELETION_LEASE_MS + 1;
    expect((await markProjectDeleting(database, owner, projectId, later)).kind).toBe('marked');
    await clearProjectDeleting(database, projectId, NOW);
    expect((await findProject(database, owner, projectId, 'read'))?.deletingSince).toBe(later);
    expect(await remove(NOW)).toStrictEqual({ kind: 'mark_lost' });
    expect(await remove(later)).toMatchObject({ kind: 'deleted' });
  });

  it('is swept away when its deletion died, and not before', async () => {
    await markProjectDeleting(database, owner, projectId, NOW);
    expect(await sweepProjectDeletions(database, NOW + PROJECT_DELETION_LEASE_MS)).toBe(0);
    expect(await sweepProjectDeletions(database, NOW + PROJECT_DELETION_LEASE_MS + 1)).toBe(1);
    expect((await findProject(database, owner, projectId, 'read'))?.deletingSince).toBeNull();
  });

  it('is open again after it was cleared', async () => {
    await markProjectDeleting(database, owner, projectId, NOW);
    await clearProjectDeleting(database, projectId, NOW);
    expect((await markProjectDeleting(database, owner, projectId, NOW + 5)).kind).toBe('marked');
  });

  it('spares the default project', async () => {
    await database.update(projects).set({ isDefault: true });
    expect(await markProjectDeleting(database, owner, projectId, NOW)).toStrictEqual({
      kind: 'default_project',
    });
  });

  it('needs the level, and the project in sight', async () => {
    expect((await markProjectDeleting(database, scopeFor(FRIEND), projectId, NOW)).kind).toBe('missing');
    expect((await markProjectDeleting(database, scopeFor(OWNER, idOf('2')), projectId, NOW)).kind).toBe(
      'missing',
    );
    await shareProject(database, projectId, FRIEND, 'edit');
    expect((await markProjectDeleting(database, scopeFor(FRIEND), projectId, NOW)).kind).toBe('forbidden');
    expect((await findProject(database, owner, projectId, 'read'))?.deletingSince).toBeNull();
    await database.update(projectPermissions).set({ level: 'delete' });
    expect((await markProjectDeleting(database, scopeFor(FRIEND), projectId, NOW)).kind).toBe('marked');
  });
});

describe('containers of a cascade', () => {
  it('come in pages, with prespawned ones and without deleted ones', async () => {
    await addContainer(database, { id: idOf('3'), projectId, userId: OWNER, realmIds: [REALM] });
    await addContainer(database, { id: idOf('4'), projectId, userId: OWNER, isPrespawn: true });
    await addContainer(database, { id: idOf('6'), projectId, userId: OWNER, deletedAt: 5 });
    const first = await listCascadeContainers(database, projectId, '', 1);
    expect(first).toStrictEqual([
      { id: idOf('3'), name: `container-${idOf('3')}`, realmIds: [REALM], isPrespawn: false },
    ]);
    const rest = await listCascadeContainers(database, projectId, idOf('3'), 10);
    expect(rest.map(({ id }) => id)).toStrictEqual([idOf('4')]);
  });
});

describe('deleting', () => {
  it('needs the mark', async () => {
    expect(await remove(NOW)).toStrictEqual({ kind: 'mark_lost' });
    expect(await findProject(database, owner, projectId, 'read')).not.toBeNull();
  });

  it('waits for the last container', async () => {
    await addContainer(database, { id: idOf('3'), projectId, userId: OWNER });
    await markProjectDeleting(database, owner, projectId, NOW);
    expect(await remove(NOW)).toStrictEqual({ kind: 'containers_remain' });
    expect(await findProject(database, owner, projectId, 'read')).not.toBeNull();
  });

  it('leaves nothing of the project and everything of others, and records the event', async () => {
    const other = await make('other');
    await addContainer(database, {
      id: idOf('3'),
      projectId,
      userId: OWNER,
      realmIds: [REALM],
      deletedAt: 5,
    });
    await addContainer(database, { id: idOf('4'), projectId: other, userId: OWNER, realmIds: [REALM] });
    await shareProject(database, projectId, FRIEND, 'read');
    await shareProject(database, other, FRIEND, 'read');
    await markProjectDeleting(database, owner, projectId, NOW);
    const before = (await database.select().from(events)).length;
    expect(await remove(NOW)).toStrictEqual({ kind: 'deleted', permissions: 1 });
    const ids = async (query: Promise<{ id: string }[]>) => (await query).map(({ id }) => id);
    expect(await ids(database.select({ id: projects.id }).from(projects))).toStrictEqual([other]);
    expect(await ids(database.select({ id: containers.id }).from(containers))).toStrictEqual([idOf('4')]);
    expect(await database.select().from(containerRealms)).toHaveLength(1);
    expect(await database.select().from(projectRealms)).toHaveLength(1);
    expect(await database.select().from(projectPermissions)).toHaveLength(1);
    expect(await database.select().from(events)).toHaveLength(before + 1);
  });
});
