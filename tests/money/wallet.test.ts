/** Balances, transfers, transactions and the bonus, over HTTP through router and billing worker. */
import { auditLedger, readBalances, type Database } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { databaseOf, fund, linkGithub, newId, signIn, type Spender } from './wallet-stage.ts';

let stack: Stack;
let release: () => Promise<void>;
let database: Database;
/** Has money; has none; somebody else. */
let [rich, poor, other]: Spender[] = [];

beforeAll(async () => {
  ({ stack, release } = await temporaryStack({
    withDaemon: false,
    billingVariables: { GITHUB_BONUS_REPO: 'octo/containers', GITHUB_BONUS_CENTS: '500' },
  }));
  database = databaseOf(stack);
  [rich, poor, other] = await Promise.all([0, 1, 2].map((index) => signIn(stack, index)));
  await fund(database, spender(rich).id, 100_000);
});
afterAll(async () => {
  expect(await auditLedger(database)).toEqual([]);
  await release();
});

function spender(found: Spender | undefined): Spender {
  if (found === undefined) throw new Error('nobody is signed in');
  return found;
}
const transfer = (who: Spender | undefined, body: unknown, headers = {}) =>
  spender(who).api.call('POST', '/wallet/transfers', body, { headers });
const general = async (who: Spender | undefined) =>
  (await readBalances(database, spender(who).id)).generalMicros;

describe('balances', () => {
  it('are zero for somebody who never had money', async () => {
    const { api, id } = spender(poor);
    const balances = await api.expect(200, 'GET', '/wallet/balances');
    expect(balances.body.data).toEqual({
      general_balance: '0.00',
      ai_limit: '0.00',
      ai_usage: '0.00',
      ai_remaining: '0.00',
      ai_usage_status: 'live',
    });
    const wallet = await api.expect(200, 'GET', '/wallet/balances/general');
    expect(wallet.body.data).toMatchObject({ user_id: id, general_balance: '0.00', debt: '0.00' });
  });

  it('show what was paid in', async () => {
    const wallet = await spender(rich).api.expect<{ general_balance: string }>(
      200,
      'GET',
      '/wallet/balances/general',
    );
    expect(Number(wallet.body.data.general_balance)).toBeGreaterThan(0);
  });

  it('are for tokens that may read the wallet', async () => {
    const { api } = spender(rich);
    const made = await api.expect<{ token: string }>(201, 'POST', '/auth/tokens', {
      alias: 'no money',
      permissions: { containers: { read: true } },
    });
    const limited = new ApiClient(stack, made.body.data.token);
    for (const path of ['/wallet/balances', '/wallet/transactions', '/wallet/invoices/']) {
      expect(await limited.call('GET', path)).toMatchObject({
        status: 403,
        body: { code: 'INSUFFICIENT_PERMISSIONS' },
      });
    }
    expect((await limited.call('POST', '/wallet/transfers', { amount: '1.00' })).status).toBe(403);
  });
});

describe('a transfer to AI credit', () => {
  it('takes the fee out of the amount and answers a receipt', async () => {
    const before = await general(rich);
    const { status, body } = await transfer(rich, { amount: '20', expected_fee_bps: 500 });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      gross_transferred: '20.00',
      fee: '1.00',
      net_ai_credit: '19.00',
      fee_bps: 500,
      replayed: false,
    });
    expect(before - (await general(rich))).toBe(20_000_000);
    const ai = await spender(rich).api.expect(200, 'GET', '/wallet/balances/ai');
    expect(ai.body.data).toMatchObject({ ai_usage: '0.00' });
  });

  it('is made once for an idempotency key, however often it is asked for', async () => {
    const before = await general(rich);
    const body = { amount: '10.00', idempotency_key: `key ${newId()}` };
    const answers = await Promise.all(Array.from({ length: 10 }, () => transfer(rich, body)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.filter((answer) => answer.body.data['replayed'] === false)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.body.data['transaction_id'])).size).toBe(1);
    expect(before - (await general(rich))).toBe(10_000_000);
    expect(await transfer(rich, { ...body, amount: '10.01' })).toMatchObject({
      status: 409,
      body: { error: 'TRANSFER_IDEMPOTENCY_KEY_REUSED' },
    });
    // Another's key of the same name is another key.
    expect(await transfer(poor, body)).toMatchObject({ status: 400, body: { code: 'INSUFFICIENT_BALANCE' } });
  });

  it("honours the header's idempotency key as every POST does", async () => {
    const before = await general(rich);
    const headers = { 'idempotency-key': newId() };
    const [first, second] = [
      await transfer(rich, { amount: '3.00' }, headers),
      await transfer(rich, { amount: '3.00' }, headers),
    ];
    expect(second.body).toEqual(first.body);
    expect(before - (await general(rich))).toBe(3_000_000);
  });

  it('is refused when the fee is not the expected one, unless it was made before', async () => {
    const before = await general(rich);
    expect(await transfer(rich, { amount: '10.00', expected_fee_bps: 400 })).toMatchObject({
      status: 409,
      body: { error: 'TRANSFER_FEE_CHANGED', data: { fee_bps: 500 } },
    });
    expect(await general(rich)).toBe(before);
    const made = { amount: '2.00', idempotency_key: newId() };
    await transfer(rich, made);
    expect(await transfer(rich, { ...made, expected_fee_bps: 1 })).toMatchObject({
      status: 200,
      body: { data: { replayed: true } },
    });
  });

  it('that the balance does not cover changes nothing and says what lacks', async () => {
    expect(await transfer(poor, { amount: '5.00' })).toMatchObject({
      status: 400,
      body: {
        error: 'INSUFFICIENT_BALANCE',
        data: { required_cents: 500, available_cents: 0, shortfall_cents: 500 },
      },
    });
  });

  it.each([
    ['1e3', 'AMOUNT_EXPONENT'],
    ['+5', 'AMOUNT_SIGNED'],
    ['-5', 'AMOUNT_SIGNED'],
    ['5.001', 'AMOUNT_TOO_PRECISE'],
    ['10000.01', 'AMOUNT_TOO_LARGE'],
    ['99999999999999999999', 'AMOUNT_TOO_LARGE'],
    ['0.99', 'AMOUNT_TOO_SMALL'],
    ['0', 'AMOUNT_TOO_SMALL'],
    ['10 EUR', 'AMOUNT_CURRENCY_UNSUPPORTED'],
    ['$10', 'AMOUNT_CURRENCY_UNSUPPORTED'],
    ['١٠', 'AMOUNT_NON_ASCII'],
    ['1,000', 'AMOUNT_INVALID'],
    ['007', 'AMOUNT_INVALID'],
    [' 10', 'AMOUNT_INVALID'],
    ['NaN', 'AMOUNT_INVALID'],
  ])('of %j is refused as %s', async (amount, code) => {
    const before = await general(rich);
    expect(await transfer(rich, { amount })).toMatchObject({ status: 400, body: { error: code } });
    expect(await general(rich)).toBe(before);
  });

  it.each([
    [{ amount: 10 }],
    [{ amount: '10', currency: 'EUR' }],
    [{}],
    [{ amount: '10', idempotency_key: '' }],
    [{ amount: '10', idempotency_key: '   ' }],
    [{ amount: '10', idempotency_key: 'x'.repeat(129) }],
    [{ amount: '10', expected_fee_bps: 10_000 }],
    [{ amount: '10', expected_fee_bps: 0.5 }],
  ])('with the body %j is no valid request', async (body) => {
    expect(await transfer(rich, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('goes one way: there is no route back', async () => {
    const { api } = spender(rich);
    const before = await readBalances(database, spender(rich).id);
    for (const [method, path] of [
      ['POST', '/wallet/transfers/reverse'],
      ['POST', '/wallet/transfers/general'],
      ['DELETE', '/wallet/transfers'],
      ['POST', '/wallet/balances/ai'],
    ] as const) {
      expect([404, 405]).toContain((await api.call(method, path, { amount: '1.00' })).status);
    }
    for (const extra of [{ direction: 'to_general' }, { from: 'ai' }]) {
      expect((await transfer(rich, { amount: '1.00', ...extra })).status).toBe(400);
    }
    expect(await readBalances(database, spender(rich).id)).toEqual(before);
  });
});

it('AI spending has no way in from outside', async () => {
  const { token } = spender(rich);
  for (const path of [
    '/internal/ai/reservations',
    '/Internal/ai/reservations',
    '//internal/ai/reservations',
    '/api/v1/wallet/../../../internal/ai/reservations',
    '/api/v1/wallet/%2e%2e/%2e%2e/%2e%2e/internal/ai/reservations',
    '/api/v1/internal/ai/reservations',
  ]) {
    const answer = await httpCall(stack.port, {
      method: 'POST',
      path,
      host: stack.apiDomain,
      headers: { authorization: `Bearer ${token}` },
      body: {},
    });
    expect([path, answer.status, answer.json]).toMatchObject([path, 404, { code: 'NOT_FOUND' }]);
  }
});

describe('transactions', () => {
  interface List {
    transactions: { id: string; amount: number; transaction_type: string; details: unknown[] }[];
    pagination: { total: number; totalPages: number };
  }
  const list = (who: Spender | undefined, query = '') =>
    spender(who).api.expect<List>(200, 'GET', `/wallet/transactions${query}`);

  it('are listed newest first, in pages, sorted as asked', async () => {
    const all = (await list(rich, '?limit=100')).body.data;
    expect(all.transactions).toHaveLength(all.pagination.total);
    const pages = await Promise.all([1, 2].map((page) => list(rich, `?limit=2&page=${page}`)));
    expect(pages.flatMap(({ body }) => body.data.transactions.map(({ id }) => id))).toEqual(
      all.transactions.slice(0, 4).map(({ id }) => id),
    );
    const passed = (await list(rich, '?limit=2&offset=3')).body.data;
    expect(passed.transactions).toEqual(all.transactions.slice(3, 5));
    expect(passed.pagination).toMatchObject({ total: all.pagination.total, page: 2 });
    const amounts = (await list(rich, '?sort_by=amount&sort_order=asc')).body.data.transactions.map(
      ({ amount }) => amount,
    );
    expect(amounts).toEqual(amounts.toSorted((a, b) => a - b));
    for (const sort of ['id', 'transaction_type', 'status', 'created_at', 'updated_at']) {
      expect((await list(rich, `?sort_by=${sort}`)).body.data.pagination.total).toBe(all.pagination.total);
    }
    for (const query of ['?sort_by=secret', '?limit=101', '?limit=0', '?page=0', '?limit=x', '?offset=-1']) {
      expect((await spender(rich).api.call('GET', `/wallet/transactions${query}`)).status).toBe(400);
    }
  });

  it('show how each balance changed', async () => {
    const made = await transfer(rich, { amount: '40.00' });
    const id = String(made.body.data['transaction_id']);
    const { data } = (await spender(rich).api.expect(200, 'GET', `/wallet/transactions/${id}`)).body;
    expect(data).toMatchObject({
      transaction_type: 'debit',
      status: 'completed',
      amount: 40,
      currency: 'USD',
      metadata: { kind: 'transfer_to_ai', fee_bps: 500 },
    });
    const details = data['details'] as { credit_type: string; amount: number }[];
    expect(details.map(({ credit_type, amount }) => [credit_type, amount])).toEqual([
      ['general', -40],
      ['ai', 38],
      ['fee', 2],
    ]);
  });

  it("of others look like those that don't exist", async () => {
    const [mine] = (await list(rich)).body.data.transactions;
    const theirs = await spender(poor).api.call('GET', `/wallet/transactions/${mine?.id}`);
    const missing = await spender(poor).api.call('GET', `/wallet/transactions/${newId()}`);
    expect(theirs.status).toBe(404);
    expect(theirs.body).toEqual(missing.body);
    expect((await spender(poor).api.call('GET', '/wallet/transactions/nonsense')).body.code).toBe(
      'INVALID_ID_FORMAT',
    );
  });

  it('have their fees in a list of their own', async () => {
    interface Fees {
      fees: { amount: string; transaction: { amount: string } }[];
      pagination: { total: number };
    }
    const fees = (path: string) =>
      spender(rich).api.expect<Fees>(200, 'GET', `/wallet/ai-fee-history${path}`);
    const { data } = (await fees('?sort_by=amount&sort_order=desc')).body;
    expect(data.fees[0]).toMatchObject({ amount: '2.00', transaction: { amount: '40.00' } });
    expect(data.fees).toHaveLength(data.pagination.total);
    expect((await fees('?sort_by=transaction_id&limit=1')).body.data.fees).toHaveLength(1);
    const none = await spender(poor).api.expect<Fees>(200, 'GET', '/wallet/ai-fee-history');
    expect(none.body.data).toMatchObject({ fees: [], pagination: { total: 0, totalPages: 0 } });
  });
});

describe('the bonus for GitHub accounts', () => {
  const claim = (who: Spender | undefined) =>
    spender(who).api.expect<{ result: string }>(200, 'POST', '/wallet/github-bonus/claim');

  it('is granted once for an identity and once for an account', async () => {
    expect((await claim(other)).body.data.result).toBe('not_linked');
    await linkGithub(database, spender(other).id, '4711');
    expect((await spender(other).api.expect(200, 'GET', '/wallet/github-bonus')).body.data).toMatchObject({
      enabled: true,
      repo: 'octo/containers',
      amount_usd: '5.00',
      github_linked: true,
      github_username: 'octo-4711',
      claimed: false,
      claim: null,
    });
    const results = await Promise.all(Array.from({ length: 8 }, () => claim(other)));
    const words = results.map(({ body }) => body.data.result);
    expect(words.filter((word) => word === 'granted')).toHaveLength(1);
    expect(words.every((word) => ['granted', 'retry', 'already_claimed'].includes(word))).toBe(true);
    expect((await claim(other)).body.data.result).toBe('already_claimed');
    expect(await general(other)).toBe(5_000_000);
    expect((await spender(other).api.expect(200, 'GET', '/wallet/github-bonus')).body.data).toMatchObject({
      claimed: true,
      claim: { amount_usd: '5.00' },
    });
  });

  it('is not granted again when the identity moves to another account', async () => {
    await database.run(`update oauth_identities set user_id = '${spender(poor).id}' where subject = '4711'`);
    expect((await claim(poor)).body.data.result).toBe('identity_claimed_elsewhere');
    await linkGithub(database, spender(other).id, '4712');
    expect((await claim(other)).body.data.result).toBe('already_claimed');
    expect(await general(poor)).toBe(0);
  });
});
