import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import {
  addResetToken,
  findResetToken,
  markMilestone,
  resetPasswordByToken,
  updateProfile,
} from './profiles.ts';
import { events, signInSteps, users } from './schema.ts';
import { addSignInStep } from './sign-in-steps.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, eventFor, freshId } from './test-rows.ts';
import { findUser } from './users.ts';

const NOW = 1_700_000_000_000;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());

/** A confirmed account with a sign-in under way. */
async function someone(): Promise<string> {
  const id = freshId();
  await addUser(database, id);
  await database.update(users).set({ emailVerified: true }).where(eq(users.id, id));
  await addSignInStep(database, {
    secretHash: `step-${id}`,
    kind: 'two_factor',
    userId: id,
    expiresAt: NOW + 1,
    createdAt: NOW,
  });
  return id;
}
const stepsOf = (userId: string) => database.select().from(signInSteps).where(eq(signInSteps.userId, userId));
const token = (userId: string, hash: string, expiresAt = NOW + 1000) =>
  addResetToken(database, { email: `${userId}@EXAMPLE.test`, hash, expiresAt, now: NOW });

describe('updateProfile', () => {
  it('changes what is given and nothing else, with its events', async () => {
    const [userId, other] = [await someone(), await someone()];
    const before = await findUser(database, other);
    const event = eventFor(userId, userId, NOW);
    const updated = await updateProfile(database, userId, { alias: 'Ann' }, null, [event], NOW);
    expect(updated).toMatchObject({ alias: 'Ann', isAdmin: false, passwordHash: 'unusable', updatedAt: NOW });
    expect(await findUser(database, other)).toEqual(before);
    expect(await database.select().from(events).where(eq(events.id, event.id))).toHaveLength(1);
    expect(await stepsOf(userId)).toHaveLength(1);
    expect(await updateProfile(database, freshId(), { alias: 'x' }, null, [], NOW)).toBeNull();
  });

  it('sets a password against the one that was checked, and ends resets and sign-ins under way', async () => {
    const userId = await someone();
    await token(userId, `reset-${userId}`);
    const event = eventFor(userId, userId, NOW);
    const change = (previous: string) =>
      updateProfile(database, userId, { passwordHash: 'new' }, previous, [event], NOW);
    expect(await change('another')).toBeNull();
    expect(await stepsOf(userId)).toHaveLength(1);
    expect(await database.select().from(events).where(eq(events.id, event.id))).toEqual([]);
    expect(await change('unusable')).toMatchObject({ passwordHash: 'new', sessionGeneration: 1 });
    expect(await stepsOf(userId)).toEqual([]);
    expect(await findResetToken(database, `reset-${userId}`, NOW)).toBeNull();
  });
});

describe('reset tokens', () => {
  it('are given to confirmed, unbanned accounts, four at a time, for their time', async () => {
    const userId = await someone();
    for (const index of [1, 2, 3, 4, 5]) expect(await token(userId, `${userId}-${index}`)).toBe(true);
    expect(await findResetToken(database, `${userId}-1`, NOW)).toBeNull();
    expect(await findResetToken(database, `${userId}-5`, NOW)).toBe(userId);
    expect(await findResetToken(database, `${userId}-5`, NOW + 1000)).toBeNull();
    expect(await token(freshId(), 'nobody')).toBe(false);
    for (const closed of [{ isBanned: true }, { isBanned: false, emailVerified: false }]) {
      await database.update(users).set(closed).where(eq(users.id, userId));
      expect(await token(userId, `${userId}-closed`)).toBe(false);
    }
  });

  it('set the password once, and end sessions, sign-ins and the other mails', async () => {
    const userId = await someone();
    await token(userId, `${userId}-a`);
    await token(userId, `${userId}-b`);
    const attempts = await Promise.all(
      ['one', 'two', 'three'].map((hash) => resetPasswordByToken(database, `${userId}-a`, hash, NOW)),
    );
    expect(attempts.filter((owner) => owner === userId)).toHaveLength(1);
    expect(await findUser(database, userId)).toMatchObject({ sessionGeneration: 2 });
    expect(await stepsOf(userId)).toEqual([]);
    expect(await resetPasswordByToken(database, `${userId}-b`, 'four', NOW)).toBeNull();
    expect(await resetPasswordByToken(database, 'unknown', 'four', NOW)).toBeNull();
    expect((await findUser(database, userId))?.passwordHash).toMatch(/^(?:one|two|three)$/);
  });
});

describe('milestones', () => {
  it('keep their first time, and refuse names that could reach beyond their key', async () => {
    const userId = await someone();
    const first = await markMilestone(database, userId, 'hub_tour_v1', NOW);
    expect(first).toEqual({ hub_tour_v1: new Date(NOW).toISOString() });
    expect(await markMilestone(database, userId, 'hub_tour_v1', NOW + 5)).toEqual(first);
    for (const name of ['a.b', 'a"b', '', '$', 'x'.repeat(61)]) {
      await expect(markMilestone(database, userId, name, NOW)).rejects.toThrow(/characters/);
    }
  });
});
