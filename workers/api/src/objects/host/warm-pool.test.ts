import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { servers } from '@control-plane/database/schema';
import { setWarmPool } from '@control-plane/database';
import type { ContainerRecord, ContainerStatus } from '@control-plane/lifecycle';
import { createLogger } from '@control-plane/serving';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Env } from '../../env.ts';
import { openSqlStorage } from '../sql-storage-test-bed.ts';
import { WarmPool } from './warm-pool.ts';
import { WarmStore } from './warm-store.ts';

const SERVER = { serverId: 'a'.repeat(24), serverName: 'node-1', publicKey: 'ab'.repeat(32) };
const KIND = { image: 'debian/13', ramdisk: false };
const MINUTE = 60_000;

let opened: TemporaryDatabase;
beforeAll(async () => {
  opened = await openTemporaryDatabase();
  await opened.database
    .insert(servers)
    .values({ id: SERVER.serverId, name: SERVER.serverName, createdAt: 1, updatedAt: 1 });
});
afterAll(() => opened.dispose());

/** Containers by id, as their objects would tell of them. */
let containers: Map<string, ContainerRecord>;
let isConnected: boolean;
let store: WarmStore;
let pool: WarmPool;

function object(id: string) {
  return {
    async create({ record }: { record: ContainerRecord }) {
      containers.set(id, { ...record, status: 'creating' });
      return { kind: 'pending' };
    },
    read: async () => containers.get(id) ?? null,
    async command({ command }: { command: string }) {
      if (command === 'delete') containers.delete(id);
      return { kind: 'finished' };
    },
  };
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  containers = new Map();
  isConnected = true;
  store = new WarmStore(openSqlStorage());
  const namespace = { idFromName: (name: string) => name, get: (id: string) => object(id) };
  pool = new WarmPool({
    env: { CONTAINERS: namespace } as unknown as Env,
    store,
    database: opened.database,
    identity: () => SERVER,
    isConnected: () => isConnected,
    log: createLogger({ component: 'test' }),
  });
  await want(3);
  return () => vi.useRealTimers();
});

async function want(size: number): Promise<void> {
  await setWarmPool(opened.database, SERVER.serverName, { ...KIND, size }, Date.now());
  vi.advanceTimersByTime(MINUTE);
}
function setAll(status: ContainerStatus): void {
  for (const [id, record] of containers) containers.set(id, { ...record, status });
}
/** Tends until nothing changes any more; every machine that is being made comes up. */
async function settle(): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    await pool.tend();
    for (const [id, record] of containers) {
      if (record.status === 'creating') containers.set(id, { ...record, status: 'running' });
    }
  }
  await pool.tend();
}
const states = () =>
  store
    .entries()
    .map(({ state }) => state)
    .toSorted();

describe('a warm pool', () => {
  it('makes as many as wanted, few at a time, of nobody and for nobody', async () => {
    await want(10);
    await pool.tend();
    expect(states()).toEqual(Array.from({ length: 4 }, () => 'preparing'));
    await settle();
    expect(states()).toEqual(Array.from({ length: 10 }, () => 'ready'));
    for (const record of containers.values()) {
      expect(record).toMatchObject({ prespawn: true, image: 'debian/13', projectId: '0'.repeat(24) });
    }
  });

  it('gives each machine to one claimant, the same one to the same claimant, and makes up for it', async () => {
    await settle();
    const claims = ['one', 'two', 'three', 'four'].map((claimId) => pool.claim(claimId, KIND));
    expect(new Set(claims.slice(0, 3)).size).toBe(3);
    expect(claims[3]).toBeNull();
    expect(pool.claim('one', KIND)).toBe(claims[0]);
    expect(pool.claim('five', { ...KIND, ramdisk: true })).toBeNull();
    pool.settle(claims[0] ?? '', 'taken');
    pool.settle(claims[1] ?? '', 'unused');
    pool.settle(claims[2] ?? '', 'broken');
    await settle();
    expect(states()).toEqual(['ready', 'ready', 'ready', 'taken']);
    expect(containers.has(claims[2] ?? '')).toBe(false);
    // A retry of the request finds what it got, a day long.
    expect(pool.claim('one', KIND)).toBe(claims[0]);
    vi.advanceTimersByTime(26 * 60 * MINUTE);
    await settle();
    expect(pool.claim('one', KIND)).not.toBe(claims[0]);
  });

  it('takes a machine back that nobody came for, unless it has become somebody\u2019s', async () => {
    await settle();
    const [left, used] = [pool.claim('gone', KIND) ?? '', pool.claim('came', KIND) ?? ''];
    const record = containers.get(used);
    if (record !== undefined) containers.set(used, { ...record, prespawn: false });
    vi.advanceTimersByTime(2 * MINUTE - 1);
    await pool.tend();
    expect(states().filter((state) => state === 'claimed')).toHaveLength(2);
    vi.advanceTimersByTime(MINUTE);
    await settle();
    const byId = new Map(store.entries().map(({ containerId, state }) => [containerId, state]));
    expect(byId.get(used)).toBe('taken');
    // It is ready again, or was one too many.
    expect(['ready', undefined]).toContain(byId.get(left));
    expect(states().filter((state) => state === 'ready')).toHaveLength(3);
  });

  it.each(['stopped', 'failed', 'paused'] as const)('replaces machines that are %s', async (status) => {
    await settle();
    const before = store.entries().map(({ containerId }) => containerId);
    setAll(status);
    vi.advanceTimersByTime(2 * MINUTE);
    await settle();
    expect(states()).toEqual(['ready', 'ready', 'ready']);
    expect(store.entries().filter(({ containerId }) => before.includes(containerId))).toEqual([]);
    expect(containers.size).toBe(3);
  });

  it('clears away what is too much, and all of it when the template goes', async () => {
    await settle();
    await want(1);
    await settle();
    expect(states()).toEqual(['ready']);
    await want(0);
    await settle();
    expect(states()).toEqual([]);
    expect(containers.size).toBe(0);
  });

  it('does nothing while the host is away', async () => {
    isConnected = false;
    await settle();
    expect(states()).toEqual([]);
    isConnected = true;
    await settle();
    expect(states()).toEqual(['ready', 'ready', 'ready']);
  });
});
