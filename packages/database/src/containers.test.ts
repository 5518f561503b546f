import type { ContainerRecord } from '@control-plane/lifecycle';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyProjection, findSuspects, projectContainer, sweepHolds } from './container-projection.ts';
import {
  cancelReservation,
  findContainer,
  holdValues,
  listContainers,
  releaseValues,
  reserveContainer,
} from './containers.ts';
import { containerRealms, containers, events, projects, servers, statusLogs, uniqueHolds } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addServer, addUser, freshId, idOf, scopeFor, shareProject } from './test-rows.ts';

const owner = idOf('a');
const collaborator = idOf('b');
const stranger = idOf('c');
const server = idOf('5');
const realm = idOf('e');

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  for (const user of [owner, collaborator, stranger]) await addUser(temporary.database, user);
  await addServer(temporary.database, server, null);
});
afterAll(() => temporary.dispose());

async function project(maxContainers: number | null = null): Promise<string> {
  const id = freshId();
  await temporary.database
    .insert(projects)
    .values({ id, userId: owner, alias: id, color: '#FFF', maxContainers, createdAt: 1, updatedAt: 1 });
  return id;
}

function record(projectId: string, fields: Partial<ContainerRecord> = {}): ContainerRecord {
  const id = freshId();
  return {
    id,
    projectId,
    userId: owner,
    serverId: server,
    serverName: 'somewhere',
    name: `box-${id}`,
    color: '#ABCDEF',
    image: 'debian/13',
    cpu: null,
    memory: null,
    ai: true,
    hoodyKit: false,
    devKit: false,
    kvm: false,
    autostart: true,
    ramdisk: false,
    ramdiskScope: 'container',
    prespawn: false,
    isDefault: false,
    environmentVars: {},
    sshPublicKey: null,
    comment: null,
    sourceContainerId: null,
    realmIds: [],
    status: 'creating',
    incarnation: 1,
    version: 1,
    operation: null,
    failure: null,
    snapshotCount: 0,
    lastUsedSnapshot: null,
    lastRestoredAs: null,
    createdAt: 100,
    updatedAt: 100,
    ...fields,
  };
}

const place = (value: ContainerRecord, deletedAt: number | null = null) =>
  projectContainer(temporary.database, value, { withRealms: true, deletedAt });
const holders = async (value: string) =>
  (await temporary.database.select().from(uniqueHolds).where(eq(uniqueHolds.value, value))).map(
    (hold) => hold.containerId,
  );

describe('reserveContainer', () => {
  it('takes name, key and place together, or nothing', async () => {
    const { database } = temporary;
    const projectId = await project();
    const first = record(projectId, { name: 'same', sshPublicKey: 'ssh-ed25519 AAAA first' });
    expect(await reserveContainer(database, first)).toBeNull();
    expect(await reserveContainer(database, first)).toBeNull();
    const sameName = record(projectId, { name: 'same' });
    expect(await reserveContainer(database, sameName)).toBe('name_in_use');
    const sameKey = record(projectId, { name: 'other', sshPublicKey: 'ssh-ed25519 AAAA second' });
    expect(await reserveContainer(database, sameKey)).toBe('ssh_key_in_use');
    expect(await holders('other')).toEqual([]);
    expect(await reserveContainer(database, record(await project(), { name: 'same' }))).toBeNull();
    for (const refused of [sameName, sameKey]) {
      expect(await database.select().from(containers).where(eq(containers.id, refused.id))).toEqual([]);
    }
  });

  it('keeps to the limits of project and server and to a project that is being deleted', async () => {
    const { database } = temporary;
    const narrow = await project(1);
    expect(await reserveContainer(database, record(narrow))).toBeNull();
    expect(await reserveContainer(database, record(narrow))).toBe('project_limit');
    const full = freshId();
    await database
      .insert(servers)
      .values({ id: full, name: full, maxContainers: 0, createdAt: 1, updatedAt: 1 });
    expect(await reserveContainer(database, record(await project(), { serverId: full }))).toBe(
      'server_limit',
    );
    const closing = await project();
    await database.update(projects).set({ deletingSince: 5 }).where(eq(projects.id, closing));
    expect(await reserveContainer(database, record(closing))).toBe('project_gone');
    expect(await reserveContainer(database, record(freshId()))).toBe('project_gone');
  });

  it('is taken back whole, but never once the container was made', async () => {
    const { database } = temporary;
    const made = record(await project());
    await reserveContainer(database, made);
    await place(made);
    await cancelReservation(database, made.id);
    expect(await holders(made.name)).toEqual([made.id]);
    const unmade = record(made.projectId);
    await reserveContainer(database, unmade);
    await cancelReservation(database, unmade.id);
    expect(await holders(unmade.name)).toEqual([]);
  });
});

describe('holds of a change', () => {
  it('are refused while another container has the value, and kept when taken anew before a late release', async () => {
    const { database } = temporary;
    const projectId = await project();
    const [mine, other] = [record(projectId, { name: 'mine' }), record(projectId, { name: 'taken' })];
    for (const each of [mine, other]) await reserveContainer(database, each);
    expect(await holdValues(database, mine, { name: 'taken' }, 200)).toBe('name_in_use');
    expect(await holdValues(database, mine, { name: 'renamed' }, 200)).toBeNull();
    // Renamed at 201 and back at 300; the release of the first change arrives late.
    expect(await holdValues(database, mine, { name: 'mine' }, 300)).toBeNull();
    await applyProjection(database, [
      { kind: 'release_holds', containerId: mine.id, values: ['mine'], heldBefore: 200 },
    ]);
    expect(await holders('mine')).toEqual([mine.id]);
    await releaseValues(database, mine.id, ['renamed']);
    expect(await holders('renamed')).toEqual([]);
  });

  it('are swept once nobody can need them', async () => {
    const { database } = temporary;
    await database.insert(uniqueHolds).values({
      kind: 'container_name',
      scope: 'x',
      value: 'forgotten',
      containerId: freshId(),
      createdAt: 10,
    });
    const living = record(await project());
    await reserveContainer(database, living);
    expect(await sweepHolds(database, 10)).toBe(0);
    expect(await sweepHolds(database, 1_000)).toBe(1);
    expect(await holders(living.name)).toEqual([living.id]);
  });
});

describe('applyProjection', () => {
  it('never moves a row back, whatever the order and however often', async () => {
    const { database } = temporary;
    const base = record(await project(), { realmIds: [realm] });
    await reserveContainer(database, base);
    const versions = [1, 2, 3].map((version) => ({ ...base, version, comment: `version ${version}` }));
    const [first, second, third] = versions;
    if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
    for (const each of [second, first, third, second, first]) await place(each);
    const found = await findContainer(database, scopeFor(owner), base.id, 'read');
    expect(found?.record).toEqual(third);
  });

  it('keeps realms in step with the newest version only', async () => {
    const { database } = temporary;
    const base = record(await project(), { realmIds: [realm] });
    await place({ ...base, version: 2, realmIds: [] });
    await place(base);
    const rows = await database
      .select()
      .from(containerRealms)
      .where(eq(containerRealms.containerId, base.id));
    expect(rows).toEqual([]);
    await place({ ...base, version: 3 });
    expect(await findContainer(database, scopeFor(owner, realm), base.id, 'read')).not.toBeNull();
  });

  it('writes log rows and events once', async () => {
    const { database } = temporary;
    const base = record(await project());
    const row = {
      containerId: base.id,
      sequence: 1,
      id: freshId(),
      toStatus: 'creating',
      triggeredBy: 'test',
      transitionTime: 1,
      createdAt: 1,
    };
    const event = {
      id: freshId(),
      userId: owner,
      eventType: 'container.creating',
      resourceType: 'container' as const,
      resourceId: base.id,
      payload: {},
      realmIds: [],
      createdAt: 1,
    };
    for (let round = 0; round < 3; round += 1) {
      await applyProjection(database, [
        { kind: 'status_log', row },
        { kind: 'event', event },
      ]);
    }
    expect(await database.select().from(statusLogs).where(eq(statusLogs.containerId, base.id))).toHaveLength(
      1,
    );
    expect(await database.select().from(events).where(eq(events.id, event.id))).toHaveLength(1);
  });
});

describe('visibility', () => {
  it('is the owner and those the project is shared with, at their level, in the realm', async () => {
    const { database } = temporary;
    const projectId = await project();
    await shareProject(database, projectId, collaborator, 'edit');
    const [inRealm, outside] = [record(projectId, { realmIds: [realm] }), record(projectId)];
    for (const each of [inRealm, outside]) await place(each);
    const sees = async (user: string, realmId: string | null, access: 'read' | 'edit' | 'delete') =>
      Promise.all(
        [inRealm, outside].map(
          async ({ id }) => (await findContainer(database, scopeFor(user, realmId), id, access)) !== null,
        ),
      );
    expect(await sees(owner, null, 'delete')).toEqual([true, true]);
    expect(await sees(owner, realm, 'read')).toEqual([true, false]);
    expect(await sees(owner, idOf('f'), 'read')).toEqual([false, false]);
    expect(await sees(collaborator, null, 'edit')).toEqual([true, true]);
    expect(await sees(collaborator, null, 'delete')).toEqual([false, false]);
    expect(await sees(stranger, null, 'read')).toEqual([false, false]);
  });

  it('lists page by page and leaves out what the flags do not ask for', async () => {
    const { database } = temporary;
    const projectId = await project();
    const some = ['running', 'stopped', 'deleting'] as const;
    for (const [index, status] of some.entries()) {
      await place(record(projectId, { status, createdAt: 1_000 + index }));
    }
    await place(record(projectId, { prespawn: true }));
    await place(record(projectId, { status: 'deleted' }), 5);
    const options = {
      projectId,
      realmId: null,
      page: 1,
      limit: 1,
      sortBy: 'created_at',
      sortOrder: 'desc',
      includePrespawn: false,
      includeExpired: false,
      includeDeleting: false,
    } as const;
    const statuses = async (changes: object) => {
      const { rows, total } = await listContainers(database, scopeFor(owner), { ...options, ...changes });
      return [rows.map(({ record: { status } }) => status), total];
    };
    expect(await statuses({})).toEqual([['stopped'], 2]);
    expect(await statuses({ page: 2 })).toEqual([['running'], 2]);
    expect(await statuses({ page: 3 })).toEqual([[], 2]);
    expect(await statuses({ includeDeleting: true, limit: 9 })).toEqual([
      ['deleting', 'stopped', 'running'],
      3,
    ]);
    expect((await statuses({ includePrespawn: true, limit: 9 }))[1]).toBe(3);
  });
});

describe('findSuspects', () => {
  it('names what was reserved and never made, and what is long in a transient status', async () => {
    const { database } = temporary;
    const projectId = await project();
    const reserved = record(projectId);
    await reserveContainer(database, reserved);
    const [stuck, fine] = [
      record(projectId, { status: 'deleting' }),
      record(projectId, { status: 'running' }),
    ];
    for (const each of [stuck, fine]) await place(each);
    const suspects = await findSuspects(database, 101, 1000);
    expect(suspects).toEqual(expect.arrayContaining([reserved.id, stuck.id]));
    expect(suspects).not.toContain(fine.id);
    expect(await findSuspects(database, 100, 1000)).toEqual([]);
  });
});
