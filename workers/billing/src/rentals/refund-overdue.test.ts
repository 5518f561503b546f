/** Orders that were not delivered: each is paid back, whatever is wrong with another. */
import { readBalances, schema, type Database } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { randomObjectId, type Logger } from '@control-plane/serving';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { refundOverdue } from './refund-overdue.ts';

const NOW = 1_900_000_000_000;
const USER = 'a'.repeat(24);
const OFFER = 'b'.repeat(24);
let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  const times = { createdAt: 1, updatedAt: 1 };
  await database
    .insert(schema.users)
    .values({ id: USER, email: 'a@example.test', username: 'a', passwordHash: 'unusable', ...times });
  const offer = {
    id: OFFER,
    name: 'offer',
    country: 'x',
    specsJson: '{}',
    pricesJson: '{}',
    deliveryHours: 0,
  };
  await database.insert(schema.serverOffers).values({ ...offer, ...times });
});
afterAll(() => temporary.dispose());

async function order(rentalCents: number, readyBy: number): Promise<void> {
  await database.insert(schema.offerReservations).values({
    id: randomObjectId(),
    userId: USER,
    offerId: OFFER,
    idempotencyKey: randomObjectId(),
    days: 1,
    state: 'pending',
    readyBy,
    deliveryHours: 0,
    setupTimeMinutes: 0,
    holdDays: 7,
    rentalCents,
    setupFeeCents: 0,
    offerSnapshotJson: '{}',
    createdAt: 1,
    updatedAt: 1,
  });
}

it('pays back every order it can, also behind one that makes no sense', async () => {
  await order(0.5, 1);
  await order(300, 2);
  await order(400, NOW);
  const lines: string[] = [];
  const log: Logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (message) => void lines.push(message),
    with: () => log,
  };
  expect(await refundOverdue(database, NOW, log)).toBe(1);
  expect((await readBalances(database, USER)).generalMicros).toBe(3_000_000);
  expect(lines).toEqual(['order not paid back']);
  expect(await refundOverdue(database, NOW, log)).toBe(0);
});
