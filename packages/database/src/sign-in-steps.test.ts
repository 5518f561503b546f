import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addSignInStep,
  dropSignInStep,
  findSignInStep,
  sweepSignInSteps,
  takeSignInStep,
} from './sign-in-steps.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, idOf } from './test-rows.ts';
import { users } from './schema.ts';

let opened: TemporaryDatabase;
beforeAll(async () => {
  opened = await openTemporaryDatabase();
  await addUser(opened.database, idOf('a'));
});
afterAll(() => opened.dispose());

let drawn = 0;
async function step(given: Partial<Parameters<typeof addSignInStep>[1]> = {}): Promise<string> {
  drawn += 1;
  const secretHash = `hash-${drawn}`;
  await addSignInStep(opened.database, {
    secretHash,
    kind: 'intent',
    expiresAt: 100,
    createdAt: 1,
    ...given,
  });
  return secretHash;
}

describe('a step of a sign-in', () => {
  it('is found as often as one looks, and taken once', async () => {
    const hash = await step({ codeChallenge: 'c' });
    const { database } = opened;
    expect(await findSignInStep(database, 'intent', hash, 99)).toMatchObject({
      codeChallenge: 'c',
      userId: null,
    });
    const takers = await Promise.all([1, 2, 3].map(() => takeSignInStep(database, 'intent', hash, 99)));
    expect(takers.filter((taken) => taken !== null)).toHaveLength(1);
    expect(await findSignInStep(database, 'intent', hash, 99)).toBeNull();
  });

  it('is of one kind, and over when its time is', async () => {
    const hash = await step();
    const { database } = opened;
    expect(await takeSignInStep(database, 'authorization_code', hash, 99)).toBeNull();
    expect(await findSignInStep(database, 'intent', hash, 100)).toBeNull();
    expect(await takeSignInStep(database, 'intent', hash, 100)).toBeNull();
    expect(await takeSignInStep(database, 'intent', hash, 99)).not.toBeNull();
  });

  it('is dropped only as one of the kinds', async () => {
    const hash = await step({ kind: 'authorization_code' });
    const { database } = opened;
    await dropSignInStep(database, ['intent', 'two_factor'], hash);
    expect(await findSignInStep(database, 'authorization_code', hash, 1)).not.toBeNull();
    await dropSignInStep(database, ['authorization_code'], hash);
    expect(await findSignInStep(database, 'authorization_code', hash, 1)).toBeNull();
  });

  it('is swept once expired, and goes with its user', async () => {
    const { database } = opened;
    await sweepSignInSteps(database, 1_000);
    const living = await step({ expiresAt: 2_000 });
    await step({ expiresAt: 500 });
    expect(await sweepSignInSteps(database, 1_000)).toBe(1);
    expect(await findSignInStep(database, 'intent', living, 1_000)).not.toBeNull();
    const owned = await step({ userId: idOf('a'), sessionGeneration: 1 });
    await database.delete(users);
    expect(await findSignInStep(database, 'intent', owned, 1)).toBeNull();
  });
});
