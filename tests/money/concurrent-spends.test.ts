/** A thousand spends of one balance at once, over HTTP to the database endpoint: never more than there is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import { auditLedger, postTransaction, readBalances, type Database } from '@control-plane/database';
import { charge, holdAiCredit, quoteTransfer, topUp, transferToAi } from '@control-plane/ledger';
import { drizzle } from 'drizzle-orm/libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDatabaseEndpoint, type DatabaseEndpoint } from '../../scripts/stack/database/endpoint.ts';
import { applyMigrations } from '../../scripts/stack/migrations.ts';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';
import { newId } from './wallet-stage.ts';

const SPENDS = 1000;
/** As many connections as a busy worker has. */
const AT_ONCE = 100;

let folder: string;
let endpoint: DatabaseEndpoint;
let database: Database;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'concurrent-spends-'));
  endpoint = await startDatabaseEndpoint({ file: join(folder, 'database.sqlite'), token: 't' });
  const client = createClient({ url: endpoint.url, authToken: 't', concurrency: AT_ONCE });
  await applyMigrations(client, join(REPOSITORY_ROOT, 'migrations'), Date.now());
  database = drizzle(client);
});
afterAll(async () => {
  await endpoint.close();
  rmSync(folder, { recursive: true });
});

const head = (userId: string) => ({ id: newId(), userId, description: 'test', now: Date.now() });

/** Credit is set aside here without the reservations that gateways make; nothing else may differ. */
async function expectRightBooks(): Promise<void> {
  const differences = await auditLedger(database);
  expect(differences.filter(({ what }) => !what.startsWith('reserved AI credit'))).toEqual([]);
}

/** Posts what `make` makes a thousand times at once; how often each outcome came. */
async function spendAtOnce(make: () => Parameters<typeof postTransaction>[1]): Promise<Map<string, number>> {
  const outcomes = await Promise.all(Array.from({ length: SPENDS }, () => postTransaction(database, make())));
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const name = outcome ?? 'posted';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

it('takes from the general balance what it holds and refuses the rest', { timeout: 120_000 }, async () => {
  const userId = newId();
  await postTransaction(database, topUp({ ...head(userId), provider: 'bank', cents: 40_000 + 37 }));
  const counts = await spendAtOnce(() =>
    charge({ ...head(userId), type: 'rental_charge', lines: [{ to: 'revenue', cents: 100 }] }),
  );
  expect(Object.fromEntries(counts)).toEqual({ posted: 400, INSUFFICIENT_BALANCE: 600 });
  expect((await readBalances(database, userId)).generalMicros).toBe(370_000);
  await expectRightBooks();
});

it(
  'takes from AI credit what it holds, and nothing from the money beside it',
  { timeout: 120_000 },
  async () => {
    const userId = newId();
    await postTransaction(database, topUp({ ...head(userId), provider: 'bank', cents: 100_000 }));
    await postTransaction(database, transferToAi(head(userId), quoteTransfer(500, 0)));
    const before = await readBalances(database, userId);
    const counts = await spendAtOnce(() => holdAiCredit(head(userId), 10_001));
    expect(Object.fromEntries(counts)).toEqual({ posted: 499, INSUFFICIENT_AI_BALANCE: 501 });
    expect(await readBalances(database, userId)).toMatchObject({
      generalMicros: before.generalMicros,
      aiMicros: 5_000_000 - 499 * 10_001,
      aiHeldMicros: 499 * 10_001,
    });
  },
);

it(
  'posts what is sent under one dedupe key a thousand times at once, once',
  { timeout: 120_000 },
  async () => {
    const userId = newId();
    const dedupeKey = `event:${newId()}`;
    const counts = await spendAtOnce(() =>
      topUp({ ...head(userId), provider: 'stripe', cents: 100, dedupeKey }),
    );
    expect(Object.fromEntries(counts)).toEqual({ posted: 1, DUPLICATE_TRANSACTION: SPENDS - 1 });
    expect((await readBalances(database, userId)).generalMicros).toBe(1_000_000);
    await expectRightBooks();
  },
);
