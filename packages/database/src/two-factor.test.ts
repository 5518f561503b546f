import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, freshId } from './test-rows.ts';
import {
  confirmTwoFactor,
  countBackupCodes,
  findTwoFactor,
  removeTwoFactor,
  replaceBackupCodes,
  setTokenGate,
  setUpTwoFactor,
  spendBackupCode,
  spendTotpStep,
} from './two-factor.ts';
import { findUser } from './users.ts';

const NOW = 1_700_000_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());

async function someone(): Promise<string> {
  const id = freshId();
  await addUser(database, id);
  return id;
}
const setUp = (userId: string, sealedSecret: string, backupCodeHashes = ['a', 'b', 'c']) =>
  setUpTwoFactor(database, { userId, sealedSecret, backupCodeHashes, now: NOW });
const generationOf = async (userId: string) => (await findUser(database, userId))?.sessionGeneration;

describe('a second factor', () => {
  it('may be set up anew until it is confirmed, with its own codes only', async () => {
    const userId = await someone();
    expect(await setUp(userId, 'one')).toBe(true);
    expect(await setUp(userId, 'two', ['d'])).toBe(true);
    expect(await countBackupCodes(database, userId)).toBe(1);
    expect(await confirmTwoFactor(database, userId, 'one', 7, NOW)).toBeNull();
    expect(await generationOf(userId)).toBe(1);
    expect(await confirmTwoFactor(database, userId, 'two', 7, NOW)).toBe(2);
    expect(await findTwoFactor(database, userId)).toMatchObject({ verifiedAt: NOW, lastUsedStep: 7 });
    expect(await confirmTwoFactor(database, userId, 'two', 8, NOW)).toBeNull();
    expect(await setUp(userId, 'three', ['e', 'f'])).toBe(false);
    expect(await findTwoFactor(database, userId)).toMatchObject({ sealedSecret: 'two' });
    expect(await countBackupCodes(database, userId)).toBe(1);
  });

  it('spends steps upwards only, and each backup code once, its own user alone', async () => {
    const [userId, other] = [await someone(), await someone()];
    for (const id of [userId, other]) await setUp(id, `secret of ${id}`);
    await confirmTwoFactor(database, userId, `secret of ${userId}`, 7, NOW);
    expect(await spendTotpStep(database, userId, 7)).toBe(false);
    expect(await spendTotpStep(database, userId, 6)).toBe(false);
    const attempts = await Promise.all([1, 2, 3].map(() => spendTotpStep(database, userId, 8)));
    expect(attempts.filter(Boolean)).toHaveLength(1);
    expect(await spendBackupCode(database, userId, 'a')).toBe(true);
    expect(await spendBackupCode(database, userId, 'a')).toBe(false);
    expect(await countBackupCodes(database, other)).toBe(3);
    await replaceBackupCodes(database, userId, ['x', 'y'], NOW);
    expect(await spendBackupCode(database, userId, 'b')).toBe(false);
    expect(await countBackupCodes(database, userId)).toBe(2);
  });

  it('is removed with all that hangs on it, and only when it is in force', async () => {
    const userId = await someone();
    await setUp(userId, 'one');
    expect(await removeTwoFactor(database, userId, NOW)).toBeNull();
    expect(await countBackupCodes(database, userId)).toBe(3);
    await confirmTwoFactor(database, userId, 'one', 7, NOW);
    await setTokenGate(database, userId, false);
    expect(await findTwoFactor(database, userId)).toMatchObject({ requireForTokens: false });
    expect(await removeTwoFactor(database, userId, NOW)).toBe(3);
    expect(await findTwoFactor(database, userId)).toBeNull();
    expect(await countBackupCodes(database, userId)).toBe(0);
    expect(await removeTwoFactor(database, userId, NOW)).toBeNull();
    expect(await generationOf(userId)).toBe(3);
    // Set up again, the gate is as it is for everyone.
    await setUp(userId, 'two');
    expect(await findTwoFactor(database, userId)).toMatchObject({ requireForTokens: true, verifiedAt: null });
  });

  it('is nothing for a user that there is not', async () => {
    await replaceBackupCodes(database, freshId(), ['a'], NOW);
    const userId = freshId();
    await expect(setUp(userId, 'one')).rejects.toThrow(Error);
    expect(await countBackupCodes(database, userId)).toBe(0);
  });
});
