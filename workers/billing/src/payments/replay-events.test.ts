/** Events that are driven again: those that fail each time take nobody's turn. */
import { keepReceivedEvent, type Database } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EventSource } from './payment-reading.ts';
import { replayEvents } from './replay-events.ts';

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());

const sourceOf = (provider: EventSource['provider']): EventSource => ({
  provider,
  read(body) {
    if (body === 'bad') throw new Error('this provider is not configured any more');
    return { kind: 'ignored' };
  },
  findOwner: () => Promise.resolve(null),
  answer: () => Promise.resolve([]),
});
const sources = {
  stripe: sourceOf('stripe'),
  nowpayments: sourceOf('nowpayments'),
  bank: sourceOf('bank'),
};

it('reaches newer events although the older ones fail every time, and tries those again later', async () => {
  for (const [index, body] of ['bad', 'bad', 'bad', 'good'].entries()) {
    await keepReceivedEvent(database, {
      provider: 'stripe',
      eventId: `evt_${index}`,
      eventType: 'x',
      body,
      receivedAt: index,
    });
  }
  const run = async (now: number): Promise<string[]> => {
    const driven: string[] = [];
    await replayEvents(database, sources, { state: 'due', limit: 2 }, now, ({ eventId }, result) => {
      driven.push(`${eventId} ${result instanceof Error ? 'failed' : result}`);
    });
    return driven;
  };
  expect(await run(1000)).toEqual(['evt_0 failed', 'evt_1 failed']);
  expect(await run(2000)).toEqual(['evt_2 failed', 'evt_3 ignored']);
  expect(await run(3000)).toEqual(['evt_0 failed', 'evt_1 failed']);
  expect(await run(4000)).toEqual(['evt_2 failed', 'evt_0 failed']);
});
