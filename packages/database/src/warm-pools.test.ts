import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { listWarmPools, setWarmPool, warmPoolOf } from './warm-pools.ts';

const SERVER_ID = 'a'.repeat(24);
const IMAGE = 'debian/13';

let opened: TemporaryDatabase;
beforeAll(async () => {
  opened = await openTemporaryDatabase();
  await opened.database.insert(servers).values({ id: SERVER_ID, name: 'node-1', createdAt: 1, updatedAt: 1 });
});
afterAll(() => opened.dispose());

describe('warm pools', () => {
  it('are set by server, image and ramdisk, changed in place, and ended by size 0', async () => {
    const { database } = opened;
    const set = (ramdisk: boolean, size: number) =>
      setWarmPool(database, 'node-1', { image: IMAGE, ramdisk, size }, 2);
    expect(await set(false, 3)).toBe(true);
    expect(await set(true, 1)).toBe(true);
    expect(await set(false, 5)).toBe(true);
    expect(await listWarmPools(database)).toEqual([
      { serverId: SERVER_ID, serverName: 'node-1', image: IMAGE, ramdisk: false, size: 5 },
      { serverId: SERVER_ID, serverName: 'node-1', image: IMAGE, ramdisk: true, size: 1 },
    ]);
    expect(await set(false, 0)).toBe(true);
    expect(await warmPoolOf(database, SERVER_ID)).toEqual([{ image: IMAGE, ramdisk: true, size: 1 }]);
  });

  it('refuse a server that is not there and a size that is none', async () => {
    const { database } = opened;
    expect(await setWarmPool(database, 'node-9', { image: IMAGE, ramdisk: false, size: 1 }, 2)).toBe(false);
    for (const size of [-1, 1.5, 501, Number.NaN]) {
      const template = { image: IMAGE, ramdisk: false, size };
      await expect(setWarmPool(database, 'node-1', template, 2)).rejects.toThrow(RangeError);
    }
  });
});
