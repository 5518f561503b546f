/** What a rental used before its end is posted before anything comes after it. */
import { listContainerUsage, schema, type Database, type RentalRow } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { randomObjectId } from '@control-plane/serving';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { postUsageToEnd } from './post-usage.ts';

const HOUR_MS = 3_600_000;
const USER = 'a'.repeat(24);
const SERVER = 'b'.repeat(24);
const PROJECT = 'c'.repeat(24);
const CONTAINER = 'd'.repeat(24);
const RATES = { computeMicrosPerHour: 10_000, memoryMicrosPerHour: 0, storageMicrosPerHour: 0 };
/** Longer than one pass posts, and with ends that are not whole hours. */
const START = 1_900_000_000_000;
const END = START + 100.25 * HOUR_MS;

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  const times = { createdAt: 1, updatedAt: 1 };
  const person = { email: 'a@example.test', username: 'a', passwordHash: 'unusable' };
  await database.insert(schema.users).values({ id: USER, ...person, ...times });
  await database.insert(schema.servers).values({ id: SERVER, name: 'one', ...times });
  await database
    .insert(schema.marketListings)
    .values({ serverId: SERVER, slots: 5, pricesJson: '{"1":100}', ...times });
  const project = { id: PROJECT, userId: USER, alias: 'one', color: '#FFFFFF' };
  await database.insert(schema.projects).values({ ...project, ...times });
  await database.insert(schema.containers).values({
    id: CONTAINER,
    projectId: PROJECT,
    userId: USER,
    serverId: SERVER,
    name: 'one',
    status: 'running',
    version: 1,
    incarnation: 1,
    recordJson: '{}',
    ...times,
  });
  await database.insert(schema.statusLogs).values({
    containerId: CONTAINER,
    sequence: 1,
    id: randomObjectId(),
    toStatus: 'running',
    triggeredBy: 'user',
    transitionTime: START,
    createdAt: 1,
  });
  await database.insert(schema.rentals).values({
    id: 'e'.repeat(24),
    userId: USER,
    serverId: SERVER,
    status: 'expired',
    startsAt: START,
    endsAt: END,
    holdDays: 7,
    rentalCents: 0,
    setupFeeCents: 0,
    meteringJson: JSON.stringify(RATES),
    meteredUntil: START,
    ...times,
  });
});
afterAll(() => temporary.dispose());

const read = async (): Promise<RentalRow | null> =>
  (
    await database
      .select()
      .from(schema.rentals)
      .where(eq(schema.rentals.id, 'e'.repeat(24)))
  )[0] ?? null;

it('up to the end exactly and once, however many ask at the same time', async () => {
  const now = END + 5 * HOUR_MS;
  await postUsageToEnd(database, read, END);
  expect((await read())?.meteredUntil).toBe(START);
  await Promise.all([1, 2, 3].map(() => postUsageToEnd(database, read, now)));
  expect(await read()).toMatchObject({ meteredUntil: END, dueCents: 100, endsAt: END });
  const intervals = await listContainerUsage(database, CONTAINER, 0);
  expect(intervals.reduce((sum, { computeMs }) => sum + computeMs, 0)).toBe(END - START);
  await postUsageToEnd(database, read, now);
  expect((await read())?.dueCents).toBe(100);
});

it('of a rental at a flat rate is nothing', async () => {
  await database.update(schema.rentals).set({ meteringJson: null, meteredUntil: START });
  await postUsageToEnd(database, read, END + 1);
  expect((await read())?.meteredUntil).toBe(START);
});
