import type { Hello, HostImage } from '@control-plane/contract/link';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import { findImage, findServerImage, listImages, type ImageListOptions } from './images.ts';
import { images, serverGrants, serverImages, servers, users } from './schema.ts';
import { canCreateOn, findServer, imageIdOf, recordHostHello, setServerReady } from './servers.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addServer, addUser, idOf, scopeFor } from './test-rows.ts';

const SERVER = idOf('5');
const OTHER_SERVER = idOf('6');
const UNENROLLED = idOf('7');
const USER = idOf('a');
const ADMIN = idOf('b');

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  await database.delete(images);
  await database.delete(servers);
  await database.delete(users);
  await addServer(database, SERVER, 'f'.repeat(64));
  await addServer(database, OTHER_SERVER, 'e'.repeat(64));
  await addServer(database, UNENROLLED, null);
  await addUser(database, USER);
  await addUser(database, ADMIN, true);
});

function image(name: string, more: Partial<HostImage> = {}): HostImage {
  const [os = '', release = ''] = name.split('/');
  return {
    name,
    os,
    release,
    variant: null,
    architecture: 'x86_64',
    serial: '1',
    size_bytes: 1000,
    description: `${os} image`,
    is_default: false,
    ...more,
  };
}

function hello(held: HostImage[]): Hello {
  return {
    type: 'hello',
    protocol: 1,
    daemon_version: '1',
    boot_id: 'boot',
    facts: {
      hostname: 'host',
      kernel: '6',
      os: 'linux',
      architecture: 'x86_64',
      cpu_cores: 2,
      memory_bytes: 1,
      disk_bytes: 1,
      tools: { criu: null },
    },
    drivers: { container: 'c', storage: 's', checkpoint: 'k', network: 'n', development_only: true },
    capabilities: {
      pause: true,
      snapshot: true,
      stateful_snapshot: false,
      cpu_limit: true,
      memory_limit: true,
      network: false,
      ramdisk: false,
      kvm: false,
      ssh: false,
      copy: true,
    },
    images: held,
    inventory: [],
  };
}

const LIST: ImageListOptions = { page: 1, limit: 20, sortBy: 'alias', sortOrder: 'asc' };
const names = async (options: Partial<ImageListOptions> = {}) =>
  (await listImages(database, { ...LIST, ...options })).rows.map((row) => row.name);

describe('what a host says of itself', () => {
  it('becomes facts, drivers, capabilities and readiness of its server', async () => {
    const said = hello([]);
    expect(await recordHostHello(database, SERVER, said, 99)).toBe(true);
    const row = await findServer(database, SERVER);
    expect(row).toMatchObject({ isReady: true, lastSeenAt: 99, updatedAt: 99 });
    expect(JSON.parse(row?.factsJson ?? '')).toStrictEqual(said.facts);
    expect(JSON.parse(row?.driversJson ?? '')).toStrictEqual(said.drivers);
    expect(JSON.parse(row?.capabilitiesJson ?? '')).toStrictEqual(said.capabilities);
    await setServerReady(database, SERVER, false, 120);
    expect(await findServer(database, SERVER)).toMatchObject({ isReady: false, lastSeenAt: 99 });
  });

  it('writes nothing for a server that does not exist', async () => {
    expect(await recordHostHello(database, idOf('9'), hello([image('debian/13')]), 99)).toBe(false);
    expect(await database.select().from(images)).toStrictEqual([]);
  });

  it('is the list of its images: new ones come, changed ones change, missing ones go', async () => {
    await recordHostHello(
      database,
      SERVER,
      hello([image('debian/12'), image('debian/13', { is_default: true })]),
      10,
    );
    await recordHostHello(database, OTHER_SERVER, hello([image('debian/12')]), 11);
    expect(await names()).toStrictEqual(['debian/12', 'debian/13']);
    const id = await imageIdOf('debian/13', 'x86_64');
    expect(await findImage(database, id)).toMatchObject({ alias: 'debian-13', createdAt: 10, updatedAt: 10 });

    await recordHostHello(
      database,
      SERVER,
      hello([image('debian/13', { serial: '2', is_default: true })]),
      20,
    );
    expect(await findImage(database, id)).toMatchObject({ serial: '2', createdAt: 10, updatedAt: 20 });
    expect(await findServerImage(database, SERVER, 'debian/12')).toBeNull();
    expect(await findServerImage(database, OTHER_SERVER, 'debian/12')).not.toBeNull();

    await recordHostHello(database, SERVER, hello([]), 30);
    expect(await names()).toStrictEqual(['debian/12']);
    expect(await findImage(database, id)).toBeNull();
  });

  it('said twice changes nothing the second time', async () => {
    await recordHostHello(database, SERVER, hello([image('debian/13', { variant: 'cloud' })]), 10);
    await recordHostHello(database, SERVER, hello([image('debian/13', { variant: 'cloud' })]), 20);
    const [row] = await database.select().from(images);
    expect(row).toMatchObject({ updatedAt: 10, variant: 'cloud' });
    expect(await database.select().from(serverImages)).toHaveLength(1);
  });

  it('may name 500 images, and one of them twice', async () => {
    const many = Array.from({ length: 499 }, (_, index) => image(`os/${index}`));
    await recordHostHello(database, SERVER, hello([...many, image('os/0', { serial: '9' })]), 10);
    expect(await database.select().from(serverImages)).toHaveLength(499);
    expect(await findImage(database, await imageIdOf('os/0', 'x86_64'))).toMatchObject({ serial: '9' });
  });

  it('keeps one image id for each name and architecture', async () => {
    expect(await imageIdOf('debian/13', 'x86_64')).toMatch(/^[0-9a-f]{24}$/);
    expect(await imageIdOf('debian/13', 'x86_64')).not.toBe(await imageIdOf('debian/13', 'aarch64'));
  });

  it('moves the default image', async () => {
    await recordHostHello(database, SERVER, hello([image('a/1', { is_default: true }), image('b/1')]), 10);
    expect(await findServerImage(database, SERVER, null)).toMatchObject({ name: 'a/1' });
    await recordHostHello(database, SERVER, hello([image('a/1'), image('b/1', { is_default: true })]), 11);
    expect(await findServerImage(database, SERVER, null)).toMatchObject({ name: 'b/1' });
  });
});

describe('the list of images', () => {
  beforeEach(async () => {
    const held = [image('debian/13'), image('ubuntu/24.04'), image('alpine/3', { architecture: 'aarch64' })];
    await recordHostHello(database, SERVER, hello(held), 10);
  });

  it('holds only what an enrolled server has', async () => {
    await recordHostHello(database, UNENROLLED, hello([image('fedora/40')]), 10);
    expect(await names()).not.toContain('fedora/40');
    expect(await findImage(database, await imageIdOf('fedora/40', 'x86_64'))).toBeNull();
  });

  it.each<[string, Partial<ImageListOptions>, string[]]>([
    ['operating system', { os: 'Debian' }, ['debian/13']],
    ['architecture', { architecture: 'aarch64' }, ['alpine/3']],
    ['text', { search: 'UBUNTU' }, ['ubuntu/24.04']],
    ['text with wildcards taken as they are', { search: '%' }, []],
    ['text with an underscore', { search: 'debian_13' }, []],
    ['text with a backslash', { search: '\\' }, []],
    ['least price', { priceCentsMin: 1 }, []],
    ['greatest price', { priceCentsMax: 0 }, ['alpine/3', 'debian/13', 'ubuntu/24.04']],
    ['least rating', { ratingMin: 0.5 }, []],
    ['greatest rating', { ratingMax: 0 }, ['alpine/3', 'debian/13', 'ubuntu/24.04']],
    ['page', { page: 2, limit: 2 }, ['ubuntu/24.04']],
    ['order', { sortOrder: 'desc' }, ['ubuntu/24.04', 'debian/13', 'alpine/3']],
    ['order by rating', { sortBy: 'rating', sortOrder: 'desc' }, ['alpine/3', 'debian/13', 'ubuntu/24.04']],
  ])('can be narrowed or ordered by %s', async (_, options, expected) => {
    expect(await names(options)).toStrictEqual(expected);
  });

  it('counts all that fit, whatever the page', async () => {
    expect((await listImages(database, { ...LIST, limit: 1 })).total).toBe(3);
  });
});

describe('who may create on a server', () => {
  it.each<[string, string, boolean]>([
    ['a user with a grant', SERVER, true],
    ['the same user elsewhere', OTHER_SERVER, false],
    ['anyone on a server that is not there', idOf('9'), false],
  ])('%s', async (_, serverId, expected) => {
    await database.insert(serverGrants).values({ serverId: SERVER, userId: USER, createdAt: 1 });
    expect(await canCreateOn(database, scopeFor(USER), serverId)).toBe(expected);
  });

  it('an administrator everywhere that exists', async () => {
    expect(await canCreateOn(database, scopeFor(ADMIN), OTHER_SERVER)).toBe(true);
    expect(await canCreateOn(database, scopeFor(ADMIN), idOf('9'))).toBe(false);
  });
});
