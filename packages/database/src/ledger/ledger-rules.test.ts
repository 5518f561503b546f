/** What the database itself refuses, and what a refusal leaves behind: nothing. */
import {
  charge,
  generalTransaction,
  holdAiCredit,
  quoteTransfer,
  spendAiCredit,
  topUp,
  transferToAi,
  type LedgerTransaction,
} from '@control-plane/ledger';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTemporaryDatabase, type TemporaryDatabase } from '../temporary-database.ts';
import { freshId } from '../test-rows.ts';
import { auditLedger } from './audit.ts';
import { readBalances } from './balances.ts';
import { ledgerRefusal } from './ledger-refusal.ts';
import { ledgerStatement, postTransaction } from './ledger-statement.ts';

let temporary: TemporaryDatabase;
let userId: string;

beforeAll(async () => {
  temporary = await openTemporaryDatabase();
});
afterAll(() => temporary.dispose());
beforeEach(() => {
  userId = freshId();
});

const head = (id = freshId()) => ({ id, userId, description: 'test', now: 1000 });
const post = (transaction: LedgerTransaction) => postTransaction(temporary.database, transaction);
const fund = (cents: number) => post(topUp({ ...head(), provider: 'bank', cents }));
const spend = (cents: number) =>
  charge({ ...head(), type: 'rental_charge', lines: [{ to: 'revenue', cents }] });
const balances = () => readBalances(temporary.database, userId);

/** What the database says to a raw statement. */
async function raw(text: string): Promise<string> {
  return temporary.database.run(sql.raw(text)).then(
    () => 'accepted',
    (error: Error) =>
      /ledger: \w+|constraint failed/i.exec(`${error.message} ${String(error.cause)}`)?.[0] ?? 'other',
  );
}

const rawTransaction = (postings: unknown, { id = freshId(), type = 'correction', verb = 'insert' } = {}) =>
  raw(`${verb} into ledger_transactions (id, type, user_id, description, postings_json, amount_micros, created_at)
    values ('${id}', '${type}', '${userId}', 'raw', '${JSON.stringify(postings)}', 1, 1)`);

describe('a transaction', () => {
  it('moves money, and the balances are what the postings say', async () => {
    expect(await fund(1000)).toBeNull();
    expect(await post(spend(250))).toBeNull();
    expect(await balances()).toMatchObject({ generalMicros: 7_500_000, createdAt: 1000, updatedAt: 1000 });
    expect(await auditLedger(temporary.database)).toEqual([]);
  });

  it('that takes more than there is has no effect on anything of its batch', async () => {
    await fund(100);
    const { database } = temporary;
    const batch = database.batch([
      database.run(sql`insert into idempotency_keys (scope, key, request_hash, seed, state, lease_until, expires_at, created_at)
        values (${userId}, 'k', 'h', 's', 'running', 0, 0, 0)`),
      ledgerStatement(database, spend(101)),
    ]);
    expect(ledgerRefusal(await batch.catch((error: unknown) => error))).toBe('INSUFFICIENT_BALANCE');
    expect(await database.all(sql`select 1 from idempotency_keys where scope = ${userId}`)).toEqual([]);
    expect((await balances()).generalMicros).toBe(1_000_000);
  });

  it('is posted once for an id and once for a dedupe key', async () => {
    const first = topUp({ ...head(), provider: 'stripe', cents: 5, dedupeKey: `event:${userId}` });
    expect(await post(first)).toBeNull();
    expect(await post(first)).toBe('DUPLICATE_TRANSACTION');
    expect(await post({ ...first, id: freshId() })).toBe('DUPLICATE_TRANSACTION');
    expect((await balances()).generalMicros).toBe(50_000);
  });

  it('is not posted when its condition is false, and says so', async () => {
    const { database } = temporary;
    const posted = await ledgerStatement(
      database,
      topUp({ ...head(), provider: 'bank', cents: 5 }),
      sql`1 = 0`,
    );
    expect(posted.rowsAffected).toBe(0);
    expect((await balances()).generalMicros).toBe(0);
  });

  it('can leave a debt but never overpay it', async () => {
    const owe = (cents: number) =>
      generalTransaction({ ...head(), type: 'payment_refund' }, [
        { account: { kind: 'user_receivable', userId }, amountMicros: -cents * 10_000 },
        { account: { kind: 'stripe_clearing' }, amountMicros: cents * 10_000 },
      ]);
    expect(await post(owe(30))).toBeNull();
    expect((await balances()).receivableMicros).toBe(-300_000);
    expect(await post(owe(-31))).toBe('DEBT_OVERPAID');
  });
});

describe('AI credit', () => {
  it('comes in by a transfer, is held and spent, and never below zero', async () => {
    await fund(1000);
    expect(await post(transferToAi(head(), quoteTransfer(1000, 500)))).toBeNull();
    expect(await balances()).toMatchObject({ generalMicros: 0, aiMicros: 9_500_000 });
    expect(await post(holdAiCredit(head(), 9_500_001))).toBe('INSUFFICIENT_AI_BALANCE');
    expect(await post(holdAiCredit(head(), 9_500_000))).toBeNull();
    expect(await post(spendAiCredit(head(), 9_500_000, 1))).toBeNull();
    expect(await post(spendAiCredit(head(), 2, 1))).toBe('INSUFFICIENT_HELD_BALANCE');
    expect(await balances()).toMatchObject({ aiMicros: 9_499_999, aiHeldMicros: 0 });
  });

  it.each([
    ['user_ai', 'user_general'],
    ['user_ai_held', 'user_general'],
    ['user_ai', 'user_general_held'],
    ['user_ai', 'user_receivable'],
    ['user_ai', 'revenue'],
    ['user_ai', 'adjustments'],
    ['user_ai_spent', 'user_general'],
    ['user_ai_spent', 'stripe_clearing'],
  ])('has no way from %s to %s, whatever the transaction calls itself', async (from, to) => {
    await fund(1000);
    await post(transferToAi(head(), quoteTransfer(1000, 0)));
    const owner = (kind: string) => (kind.startsWith('user_') ? userId : '');
    const postings = [
      [from, owner(from), -10_000],
      [to, owner(to), 10_000],
    ];
    for (const type of ['correction', 'transfer_to_ai', 'ai_spend', 'top_up']) {
      expect(await rawTransaction(postings, { type })).toBe('ledger: AI_CREDIT_IS_FINAL');
    }
    expect(await balances()).toMatchObject({ generalMicros: 0, aiMicros: 10_000_000 });
  });

  it("comes from money by a transfer only, and only into the payer's own", async () => {
    await fund(1000);
    const into = (owner: string) => [
      ['user_general', userId, -10_000],
      ['user_ai', owner, 10_000],
    ];
    expect(await rawTransaction(into(userId), { type: 'correction' })).toBe('ledger: AI_CREDIT_IS_FINAL');
    expect(await rawTransaction(into(freshId()), { type: 'transfer_to_ai' })).toBe('ledger: MALFORMED');
  });
});

describe('the database refuses', () => {
  const general = (amount: unknown) => ['user_general', userId, amount];

  it('what does not sum to zero, or names no whole amount or no account', async () => {
    expect(await rawTransaction([general(20_000), ['revenue', '', -10_000]])).toBe('ledger: UNBALANCED');
    expect(await rawTransaction([general(10_001), ['revenue', '', -10_001]])).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general(1.5), ['revenue', '', -1.5]])).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general('10000'), ['revenue', '', -10_000]])).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general(0), ['revenue', '', 0]])).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general(10_000), ['pocket', '', -10_000]])).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general(10_000), ['revenue', userId, -10_000]])).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general(10_000)])).toBe('ledger: MALFORMED');
    expect(await rawTransaction('nothing')).toBe('ledger: MALFORMED');
    expect(await rawTransaction([general(10_000), general(-10_000)])).toBe('ledger: ACCOUNT_TWICE');
    expect(await rawTransaction([general(1e16), ['revenue', '', -1e16]])).toBe('ledger: MALFORMED');
  });

  it('a change of what was posted, in every way there is', async () => {
    const id = freshId();
    await post(topUp({ ...head(id), provider: 'bank', cents: 100 }));
    const where = `where id = '${id}'`;
    expect(await raw(`update ledger_transactions set description = 'other' ${where}`)).toBe(
      'ledger: IMMUTABLE',
    );
    expect(await raw(`delete from ledger_transactions ${where}`)).toBe('ledger: IMMUTABLE');
    expect(
      await rawTransaction(
        [
          ['user_general', userId, 20_000],
          ['revenue', '', -20_000],
        ],
        {
          id,
          verb: 'insert or replace',
        },
      ),
    ).toBe('ledger: DUPLICATE_TRANSACTION');
    const posting = `transaction_id = '${id}' and line = 1`;
    expect(await raw(`update ledger_postings set amount_micros = 1 where ${posting}`)).toBe(
      'ledger: IMMUTABLE',
    );
    expect(await raw(`delete from ledger_postings where ${posting}`)).toBe('ledger: IMMUTABLE');
    const values = `(transaction_id, line, account_kind, user_id, amount_micros)
      values ('${id}', LINE, 'user_general', '${userId}', 1000000)`;
    for (const verb of ['insert', 'insert or replace']) {
      for (const line of [1, 2]) {
        const text = `${verb} into ledger_postings ${values.replace('LINE', String(line))}`;
        expect(await raw(text)).toBe('ledger: POSTING_WITHOUT_TRANSACTION');
      }
    }
  });

  it('an invoice in the place of another', async () => {
    const [first, second, other] = [freshId(), freshId(), freshId()];
    for (const id of [first, second]) await post(topUp({ ...head(id), provider: 'bank', cents: 100 }));
    const insert = (verb: string, id: string, transaction: string, number: number, named = number) =>
      raw(`${verb} into invoices (id, user_id, transaction_id, year, number, invoice_number, status, amount_micros,
        currency, document_json, issue_date, due_date, paid_date, created_at, updated_at)
        values ('${id}', '${userId}', '${transaction}', 2026, ${number}, 'INV-2026-${named}', 'paid', 1, 'USD', '{}',
        1, 1, 1, 1, 1)`);
    const made = freshId();
    expect(await insert('insert', made, first, 1)).toBe('accepted');
    for (const verb of ['insert', 'insert or replace', 'insert or ignore']) {
      expect(await insert(verb, made, second, 2)).toBe('ledger: DUPLICATE_INVOICE');
      expect(await insert(verb, other, first, 2)).toBe('ledger: DUPLICATE_INVOICE');
      expect(await insert(verb, other, second, 2, 1)).toBe('ledger: DUPLICATE_INVOICE');
      expect(await insert(verb, other, second, 3)).toBe('ledger: INVOICE_NUMBER_GAP');
    }
    expect(await insert('insert', other, second, 2)).toBe('accepted');
  });

  it('a balance that no posting makes', async () => {
    await fund(100);
    const where = `where kind = 'user_general' and user_id = '${userId}'`;
    const refused = 'ledger: BALANCE_WITHOUT_POSTING';
    expect(await raw(`update ledger_accounts set balance_micros = 5000000 ${where}`)).toBe(refused);
    expect(
      await raw(
        `update ledger_accounts set balance_micros = 5000000, last_posting = last_posting + 1 ${where}`,
      ),
    ).toBe(refused);
    expect(await raw(`delete from ledger_accounts ${where}`)).toBe('ledger: IMMUTABLE');
    const row = `(kind, user_id, balance_micros, last_posting, created_at, updated_at)`;
    for (const verb of ['insert', 'insert or replace']) {
      expect(
        await raw(
          `${verb} into ledger_accounts ${row} values ('user_general', '${userId}', 9000000, 0, 1, 1)`,
        ),
      ).toBe(refused);
    }
    expect((await balances()).generalMicros).toBe(1_000_000);
  });
});

it('knows its own refusals from other errors', () => {
  expect(ledgerRefusal(new Error('x', { cause: new Error('ledger: INSUFFICIENT_BALANCE') }))).toBe(
    'INSUFFICIENT_BALANCE',
  );
  expect(ledgerRefusal(new Error('ledger: UNBALANCED'))).toBeNull();
  expect(ledgerRefusal(new Error('connection reset'))).toBeNull();
  expect(ledgerRefusal('ledger: INSUFFICIENT_BALANCE')).toBeNull();
});
