/** What an audit finds when somebody has taken the rules away and changed the books. */
import { charge, topUp } from '@control-plane/ledger';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTemporaryDatabase, type TemporaryDatabase } from '../temporary-database.ts';
import { freshId } from '../test-rows.ts';
import { auditLedger } from './audit.ts';
import { postTransaction } from './ledger-statement.ts';

let temporary: TemporaryDatabase;
const userId = 'a'.repeat(24);

beforeEach(async () => {
  temporary = await openTemporaryDatabase();
  const head = () => ({ id: freshId(), userId, description: 'test', now: 1 });
  const lines = [{ to: 'revenue', cents: 200 }] as const;
  await postTransaction(temporary.database, topUp({ ...head(), provider: 'bank', cents: 500 }));
  await postTransaction(temporary.database, charge({ ...head(), type: 'rental_charge', lines }));
});
afterEach(() => temporary.dispose());

/** Each difference as one line. */
async function audit(): Promise<string[]> {
  const found = await auditLedger(temporary.database);
  return found.map(
    ({ what, subject, expectedMicros, foundMicros }) =>
      `${what}: ${subject}: expected ${expectedMicros}, found ${foundMicros}`,
  );
}

it('finds books right that are', async () => {
  expect(await audit()).toEqual([]);
});

const where = `where account_kind = 'user_general'`;
it.each([
  [
    'a balance',
    'ledger_accounts_move',
    "update ledger_accounts set balance_micros = 9000000 where kind = 'user_general'",
    'balance differs from its postings: user_general:aaaaaaaaaaaaaaaaaaaaaaaa: expected 3000000, found 9000000',
  ],
  [
    'a posting',
    'ledger_postings_keep',
    `update ledger_postings set amount_micros = amount_micros + 10000 ${where} and amount_micros > 0`,
    expect.stringMatching(/^transaction does not sum to zero: [0-9a-f]{24}: expected 0, found 10000$/),
  ],
  [
    'a posting that is gone',
    'ledger_postings_stay',
    `delete from ledger_postings ${where} and amount_micros > 0`,
    expect.stringMatching(/^postings differ from their transaction: /),
  ],
  [
    'an account that is gone',
    'ledger_accounts_stay',
    "delete from ledger_accounts where kind = 'revenue'",
    'postings without account: revenue:: expected 2000000, found 0',
  ],
  [
    'a transaction that was rewritten',
    'ledger_transactions_keep',
    `update ledger_transactions set postings_json = replace(postings_json, 'user_general', 'user_ai')`,
    expect.stringMatching(/^postings differ from their transaction: /),
  ],
  [
    'an amount that an invoice would state',
    'ledger_transactions_keep',
    "update ledger_transactions set amount_micros = 3000000 where type = 'rental_charge'",
    expect.stringMatching(
      /^transaction states more than it moves: [0-9a-f]{24}: expected 2000000, found 3000000$/,
    ),
  ],
])('finds %s that was changed', async (_, trigger, change, line) => {
  await temporary.database.run(sql.raw(`drop trigger ${trigger}`));
  await temporary.database.run(sql.raw(change));
  expect(await audit()).toContainEqual(line);
});

it('finds credit that is set aside for nobody', async () => {
  const { database } = temporary;
  await database.run(sql`
    insert into ai_reservations (id, user_id, service, held_micros, state, expires_at, created_at, updated_at)
    values (${freshId()}, ${userId}, 'gateway', 5, 'open', 1, 1, 1)`);
  expect(await audit()).toEqual([
    `reserved AI credit differs from its reservations: user_ai_held:${userId}: expected 5, found 0`,
  ]);
});
