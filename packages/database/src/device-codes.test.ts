import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addDeviceCode,
  approveDeviceCode,
  denyDeviceCode,
  findPendingDeviceCode,
  findPendingUserCode,
  pollDeviceCode,
  sweepDeviceCodes,
  takeApprovedDeviceCode,
} from './device-codes.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, idOf } from './test-rows.ts';

let opened: TemporaryDatabase;
beforeAll(async () => {
  opened = await openTemporaryDatabase();
  await addUser(opened.database, idOf('a'));
  await addUser(opened.database, idOf('b'));
});
afterAll(() => opened.dispose());

const ANN = { id: idOf('a'), sessionGeneration: 3 };
const BEN = { id: idOf('b'), sessionGeneration: 1 };
const INTERVAL_MS = 5_000;

let drawn = 0;
async function device(expiresAt = 900_000): Promise<string> {
  drawn += 1;
  const deviceCodeHash = `device-${drawn}`;
  const row = {
    deviceCodeHash,
    userCodeHash: `user-${drawn}`,
    clientName: null,
    codeChallenge: null,
    clientAddress: '192.0.2.1',
    expiresAt,
    createdAt: 1,
  };
  expect(await addDeviceCode(opened.database, row)).toBe(true);
  expect(await addDeviceCode(opened.database, { ...row, deviceCodeHash: 'other' })).toBe(false);
  return deviceCodeHash;
}

describe('a device code', () => {
  it('is answered once: neither a refusal nor another user undoes an approval', async () => {
    const { database } = opened;
    const hash = await device();
    expect(await approveDeviceCode(database, hash, ANN, 2)).toBe(true);
    expect(await approveDeviceCode(database, hash, BEN, 2)).toBe(false);
    expect(await denyDeviceCode(database, hash, 2)).toBe('approved');
    expect(await takeApprovedDeviceCode(database, hash, 3)).toMatchObject({
      userId: ANN.id,
      sessionGeneration: 3,
    });
    expect(await takeApprovedDeviceCode(database, hash, 3)).toBeNull();
  });

  it('that was refused is never approved', async () => {
    const { database } = opened;
    const hash = await device();
    expect(await denyDeviceCode(database, hash, 2)).toBe('denied');
    expect(await denyDeviceCode(database, hash, 2)).toBe('denied');
    expect(await approveDeviceCode(database, hash, ANN, 2)).toBe(false);
    expect(await takeApprovedDeviceCode(database, hash, 2)).toBeNull();
    expect(await findPendingDeviceCode(database, hash, 2)).toBeNull();
  });

  it('is over when its time is, for everyone', async () => {
    const { database } = opened;
    const hash = await device(100);
    expect(await findPendingUserCode(database, `user-${drawn}`, 99)).toMatchObject({ deviceCodeHash: hash });
    expect(await findPendingUserCode(database, `user-${drawn}`, 100)).toBeNull();
    expect(await approveDeviceCode(database, hash, ANN, 100)).toBe(false);
    expect(await denyDeviceCode(database, hash, 100)).toBeNull();
    expect(await pollDeviceCode(database, hash, INTERVAL_MS, 100)).toEqual({ kind: 'unknown' });
    expect(await sweepDeviceCodes(database, 101)).toBe(1);
  });

  it('is polled no faster than its interval; early polls do not put the next one off', async () => {
    const { database } = opened;
    const hash = await device();
    const kindAt = async (now: number): Promise<string> =>
      (await pollDeviceCode(database, hash, INTERVAL_MS, now)).kind;
    expect(await kindAt(10_000)).toBe('counted');
    expect(await kindAt(12_000)).toBe('early');
    expect(await kindAt(14_999)).toBe('early');
    expect(await kindAt(15_000)).toBe('counted');
    expect(await pollDeviceCode(database, 'nothing', INTERVAL_MS, 15_000)).toEqual({ kind: 'unknown' });
  });
});
