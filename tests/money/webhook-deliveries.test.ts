/**
 * Webhooks come more than once, at once, late and in any order; the books must not notice. Each webhook of
 * the recorded set is delivered over and over, shuffled and many at a time, by the worker's own code to a
 * real database endpoint. `WEBHOOK_DELIVERIES` sets how many deliveries there are in all.
 */
import { auditLedger, type Database } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../payment-providers/emulator.ts';
import { openEndpointDatabase, type EndpointDatabase } from './endpoint-database.ts';
import {
  SECRETS,
  addIntents,
  booksOf,
  deliverUntilTaken,
  providersAt,
  recordWebhooks,
  signedHeaders,
  type RecordedWebhook,
} from './recorded-webhooks.ts';

const DELIVERIES = Number(process.env['WEBHOOK_DELIVERIES'] ?? 0);
/** How many webhooks the recorded set has. */
const RECORDED = 69;
const AT_ONCE = 32;
const SIGNATURE_MS = 120_000;

const databases: EndpointDatabase[] = [];
let emulator: Emulator;
/** Answers as a provider that has never heard of anything. */
let stranger: Emulator;
let webhooks: RecordedWebhook[];
let expected: unknown;

async function freshDatabase(): Promise<Database> {
  const opened = await openEndpointDatabase();
  databases.push(opened);
  return opened.database;
}

beforeAll(async () => {
  const database = await freshDatabase();
  await addIntents(database);
  ({ emulator, webhooks } = await recordWebhooks(database));
  stranger = await startEmulator({ port: 0, ...SECRETS });
  const providers = providersAt(emulator.url, database);
  for (const webhook of webhooks) {
    await deliverUntilTaken(database, providers, webhook, await signedHeaders(webhook));
  }
  expected = await booksOf(database);
  expect(await auditLedger(database)).toStrictEqual([]);
});
afterAll(async () => {
  await emulator.stop();
  await stranger.stop();
  for (const opened of databases) await opened.dispose();
});

/** Fisher and Yates, with a seed that a failure can be repeated with. */
function shuffle<T>(items: T[], seed: number): T[] {
  let state = seed;
  for (let index = items.length - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (index + 1);
    [items[index], items[other]] = [items[other] as T, items[index] as T];
  }
  return items;
}

/** Delivers each webhook `times` times, all of them shuffled, `AT_ONCE` at a time. */
async function deliverShuffled(
  database: Database,
  apiUrl: string,
  times: number,
  seed: number,
): Promise<number> {
  const providers = providersAt(apiUrl, database);
  const queue = shuffle(
    webhooks.flatMap((webhook) => Array.from({ length: times }, () => webhook)),
    seed,
  );
  const total = queue.length;
  const signatures = new Map<RecordedWebhook, { headers: Headers; at: number }>();
  const headersOf = async (webhook: RecordedWebhook): Promise<Headers> => {
    const known = signatures.get(webhook);
    if (known !== undefined && Date.now() - known.at < SIGNATURE_MS) return known.headers;
    const signed = { headers: await signedHeaders(webhook), at: Date.now() };
    signatures.set(webhook, signed);
    return signed.headers;
  };
  const lane = async (): Promise<void> => {
    for (let webhook = queue.pop(); webhook !== undefined; webhook = queue.pop()) {
      await deliverUntilTaken(database, providers, webhook, await headersOf(webhook));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return total;
}

describe('each webhook of the recorded set', () => {
  it('is of every kind that providers send', () => {
    expect(webhooks).toHaveLength(RECORDED);
    const names = new Set(webhooks.map(({ name }) => name));
    for (const name of [
      'checkout.session.completed',
      'checkout.session.expired',
      'checkout.session.async_payment_succeeded',
      'checkout.session.async_payment_failed',
      'payment_intent.payment_failed',
      'charge.refunded',
      'refund.failed',
      'charge.dispute.closed',
      'partially_paid',
      'finished',
      'refunded',
    ]) {
      expect(names).toContain(name);
    }
    expect(JSON.stringify(expected)).toContain('user_general');
  });

  const times = Math.max(100, Math.ceil(DELIVERIES / RECORDED));
  it(
    `delivered ${times} times, concurrently and shuffled, is one delivery in order`,
    { timeout: Math.max(300_000, DELIVERIES * 40) },
    async () => {
      const database = await freshDatabase();
      await addIntents(database);
      const startedAt = performance.now();
      const total = await deliverShuffled(database, emulator.url, times, 7);
      const seconds = (performance.now() - startedAt) / 1000;
      process.stdout.write(`${total} deliveries in ${seconds.toFixed(1)} s\n`);
      expect(await booksOf(database)).toStrictEqual(expected);
      expect(await auditLedger(database)).toStrictEqual([]);
    },
  );

  it.each([1, 2, 3, 4])(
    'in the shuffled order %i, with a provider that can tell nothing, is one delivery in order',
    { timeout: 120_000 },
    async (seed) => {
      const database = await freshDatabase();
      await addIntents(database);
      await deliverShuffled(database, stranger.url, 2, seed);
      expect(await booksOf(database)).toStrictEqual(expected);
    },
  );
});
