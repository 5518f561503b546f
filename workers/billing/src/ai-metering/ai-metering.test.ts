/** AI spending through the worker's internal way: its own balance, its own limits, and no other way in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import {
  auditLedger,
  expireAiReservations,
  postTransaction,
  readBalances,
  type Database,
} from '@control-plane/database';
import { quoteTransfer, topUp, transferToAi } from '@control-plane/ledger';
import { drizzle } from 'drizzle-orm/libsql';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleWorker } from '../../../../scripts/stack/bundle-worker.ts';
import { startDatabaseEndpoint, type DatabaseEndpoint } from '../../../../scripts/stack/database/endpoint.ts';
import { applyMigrations } from '../../../../scripts/stack/migrations.ts';
import { COMPATIBILITY_DATE } from '../../../../scripts/stack/worker-runtime.ts';
import { REPOSITORY_ROOT } from '../../../../scripts/stack/repository-root.ts';

const SECRET = 'a-secret-of-the-gateway-0123456789';
const GENERAL = 50_000_000;
const CREDIT = 10_000_000;

let folder: string;
let endpoint: DatabaseEndpoint;
let database: Database;
let miniflare: Miniflare;
let userId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ai-metering-'));
  endpoint = await startDatabaseEndpoint({ file: join(folder, 'database.sqlite'), token: 't' });
  const client = createClient({ url: endpoint.url, authToken: 't' });
  await applyMigrations(client, join(REPOSITORY_ROOT, 'migrations'), Date.now());
  database = drizzle(client);
  const { script } = await bundleWorker(join(import.meta.dirname, '../index.ts'));
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      handleStructuredLogs: () => {},
      name: 'billing',
      modules: true,
      script,
      compatibilityDate: COMPATIBILITY_DATE,
      compatibilityFlags: ['nodejs_compat'],
      bindings: {
        DATABASE_URL: endpoint.url,
        DATABASE_TOKEN: 't',
        AI_METERING_SECRET: SECRET,
        AI_HOLD_MICROS_MAX: '5000000',
        AI_OPEN_CALLS_MAX: '5',
        AI_DAILY_MICROS_MAX: '9000000',
      },
    }),
  );
  await miniflare.ready;
});
afterAll(async () => {
  expect(await auditLedger(database)).toEqual([]);
  await miniflare.dispose();
  await endpoint.close();
  rmSync(folder, { recursive: true });
});

let ids = 0;
function newId(): string {
  ids += 1;
  return ids.toString(16).padStart(24, '0');
}

beforeEach(async () => {
  userId = newId();
  const head = () => ({ id: newId(), userId, description: 'test', now: Date.now() });
  await postTransaction(database, topUp({ ...head(), provider: 'bank', cents: 6000 }));
  await postTransaction(database, transferToAi(head(), quoteTransfer(1000, 0)));
});

const send = async (path: string, body: unknown, authorization = `Bearer ${SECRET}`) => {
  const response = await miniflare.dispatchFetch(`http://billing/internal/ai/reservations${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};
const call = (more: Record<string, unknown> = {}) => ({
  id: newId(),
  user_id: userId,
  service: 'gateway',
  max_micros: 1_000_000,
  ...more,
});
const balances = () => readBalances(database, userId);

describe('a call', () => {
  it('sets aside what it may cost, spends what it did cost, and gives the rest back', async () => {
    const reservation = call();
    expect(await send('', reservation)).toEqual({
      status: 201,
      body: { id: reservation.id, state: 'open', held_micros: 1_000_000 },
    });
    expect(await balances()).toMatchObject({ aiMicros: CREDIT - 1_000_000, aiHeldMicros: 1_000_000 });
    expect(await send(`/${reservation.id}/settle`, { spent_micros: 12_345 })).toMatchObject({
      status: 200,
      body: { state: 'settled', spent_micros: 12_345 },
    });
    expect(await balances()).toMatchObject({
      generalMicros: GENERAL,
      aiMicros: CREDIT - 12_345,
      aiHeldMicros: 0,
      aiSpentMicros: 12_345,
    });
  });

  it('that is released costs nothing', async () => {
    const reservation = call();
    await send('', reservation);
    expect((await send(`/${reservation.id}/release`, '')).status).toBe(200);
    expect(await balances()).toMatchObject({ aiMicros: CREDIT, aiHeldMicros: 0, aiSpentMicros: 0 });
  });

  it('counts once, however often each step is repeated and at once', async () => {
    const reservation = call();
    const reserved = await Promise.all(Array.from({ length: 8 }, () => send('', reservation)));
    expect(reserved.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(reserved.filter(({ status }) => status === 200)).toHaveLength(7);
    const settle = () => send(`/${reservation.id}/settle`, { spent_micros: 500 });
    const settled = await Promise.all(Array.from({ length: 8 }, settle));
    expect(settled.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await balances()).toMatchObject({ aiMicros: CREDIT - 500, aiHeldMicros: 0 });
    expect((await send(`/${reservation.id}/settle`, { spent_micros: 501 })).status).toBe(409);
    expect((await send(`/${reservation.id}/release`, '')).status).toBe(409);
    // Its credit is no longer set aside: a gateway that begins anew must not make the call.
    expect(await send('', reservation)).toEqual({ status: 409, body: { code: 'RESERVATION_CLOSED' } });
  });

  it('whose gateway never came back lapses', async () => {
    const reservation = call({ expires_in_s: 1 });
    await send('', reservation);
    expect(await expireAiReservations(database, Date.now() + 2000, newId)).toBe(1);
    expect(await balances()).toMatchObject({ aiMicros: CREDIT, aiHeldMicros: 0 });
    expect(await send(`/${reservation.id}/settle`, { spent_micros: 1 })).toEqual({
      status: 409,
      body: { code: 'RESERVATION_CLOSED' },
    });
  });
});

describe('what is refused', () => {
  it('a call that costs more than was set aside', async () => {
    const reservation = call();
    await send('', reservation);
    expect(await send(`/${reservation.id}/settle`, { spent_micros: 1_000_001 })).toEqual({
      status: 400,
      body: { code: 'OVER_RESERVATION' },
    });
    expect(await balances()).toMatchObject({ aiHeldMicros: 1_000_000, aiSpentMicros: 0 });
  });

  it('one that is too large, too many at once, too much in a day, more than there is', async () => {
    expect((await send('', call({ max_micros: 5_000_001 }))).body).toEqual({ code: 'HOLD_TOO_LARGE' });
    for (let open = 0; open < 5; open += 1) expect((await send('', call())).status).toBe(201);
    expect(await send('', call())).toEqual({ status: 429, body: { code: 'TOO_MANY_CALLS' } });

    userId = newId();
    expect(await send('', call())).toEqual({ status: 402, body: { code: 'INSUFFICIENT_AI_BALANCE' } });
  });

  it('more than a day may cost, whatever the balance', async () => {
    for (const micros of [5_000_000, 3_500_000]) {
      const reservation = call({ max_micros: micros });
      await send('', reservation);
      await send(`/${reservation.id}/settle`, { spent_micros: micros });
    }
    expect(await send('', call({ max_micros: 500_001 }))).toEqual({
      status: 429,
      body: { code: 'DAILY_LIMIT' },
    });
    expect((await send('', call({ max_micros: 500_000 }))).status).toBe(201);
  });

  it("another's reservation under the same id", async () => {
    const reservation = call();
    await send('', reservation);
    expect((await send('', { ...reservation, max_micros: 2 })).body).toEqual({ code: 'OTHER_RESERVATION' });
    expect((await send('', { ...reservation, user_id: newId() })).body).toEqual({
      code: 'OTHER_RESERVATION',
    });
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a negative amount', { max_micros: -1 }],
    ['a fraction', { max_micros: 1.5 }],
    ['an unknown field', { target: 'user_general' }],
    ['an id that is none', { user_id: 'x' }],
    ['a life without end', { expires_in_s: 3601 }],
  ])('%s', async (_, body) => {
    const sent = typeof body === 'string' ? body : call(body);
    expect(await send('', sent)).toEqual({ status: 400, body: { code: 'INVALID' } });
  });

  it('everybody without the secret', async () => {
    for (const authorization of ['', 'Bearer', `Bearer ${SECRET}x`, `bearer ${SECRET}`, `Basic ${SECRET}`]) {
      expect(await send('', call(), authorization)).toEqual({ status: 401, body: { code: 'UNAUTHORIZED' } });
    }
    expect(await balances()).toMatchObject({ aiMicros: CREDIT, aiHeldMicros: 0 });
  });

  it('paths that there are not', async () => {
    for (const path of ['/x', `/${newId()}`, `/${newId()}/refund`, `/${newId()}/settle`]) {
      expect((await send(path, { spent_micros: 1 })).status).toBe(404);
    }
  });
});
