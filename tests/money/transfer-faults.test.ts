/** Transfers whose worker is killed under them: none is lost, none is made twice. */
import { auditLedger, readBalances, type Database } from '@control-plane/database';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { eventually } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { databaseOf, fund, newId, signIn, type Spender } from './wallet-stage.ts';

const TRANSFERS = 60;

let stack: Stack;
let release: () => Promise<void>;
let database: Database;
let payer: Spender;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false }));
  database = databaseOf(stack);
  payer = await signIn(stack, 0);
  await fund(database, payer.id, TRANSFERS * 200);
});
afterAll(() => release());

it('are made exactly once each when their clients try again', { timeout: 180_000 }, async () => {
  const keys = Array.from({ length: TRANSFERS }, () => newId());
  let answered = 0;
  // Half of the clients name their attempt in the body, half in the header.
  const attempt = async (key: string, index: number): Promise<number> => {
    const [fields, headers] =
      index % 2 === 0 ? [{ idempotency_key: key }, {}] : [{}, { 'idempotency-key': key }];
    const answer = await payer.api.call(
      'POST',
      '/wallet/transfers',
      { amount: '2.00', ...fields },
      { headers },
    );
    answered += 1;
    return answer.status;
  };
  const first = Promise.allSettled(keys.map(attempt));
  await eventually('some transfers are through', async () => (answered > 5 ? true : undefined));
  await stack.restartWorkerd();
  await first;
  expect((await readBalances(database, payer.id)).generalMicros).toBeGreaterThanOrEqual(0);

  // A key in the header is taken until the attempt that held it is presumed dead: that time passes now.
  await database.run(sql`update idempotency_keys set lease_until = 0 where state = 'running'`);
  for (const [index, key] of keys.entries()) expect(await attempt(key, index)).toBe(200);
  expect(await readBalances(database, payer.id)).toMatchObject({
    generalMicros: 0,
    aiMicros: TRANSFERS * 1_900_000,
  });
  expect(await auditLedger(database)).toEqual([]);
});
