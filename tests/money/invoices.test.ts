/** Invoices: made once, numbered without gaps, printed once. */
import { createHash } from 'node:crypto';
import { charge, grant } from '@control-plane/ledger';
import { auditLedger, postTransaction, schema, type Database } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { databaseOf, download, fund, newId, signIn, type Spender } from './wallet-stage.ts';

const SELLER = { name: 'Muster & Söhne', address: ['Hauptstraße 1', 'Berlin'], tax_id: 'DE123' };
let stack: Stack;
let release: () => Promise<void>;
let database: Database;
let buyer: Spender;
let stranger: Spender;

beforeAll(async () => {
  ({ stack, release } = await temporaryStack({
    withDaemon: false,
    billingVariables: { INVOICE_SELLER: JSON.stringify(SELLER) },
  }));
  database = databaseOf(stack);
  [buyer, stranger] = await Promise.all([signIn(stack, 0), signIn(stack, 1)]);
});
afterAll(() => release());

const generate = (who: Spender, id: string) =>
  who.api.call<{ invoice_id: string; invoice_number: string }>('POST', `/wallet/invoices/generate/${id}`);

async function rent(cents: number, taxCents: number): Promise<string> {
  const id = newId();
  const refusal = await postTransaction(
    database,
    charge({
      id,
      type: 'rental_charge',
      userId: buyer.id,
      description: 'Server fra-1, 30 days',
      now: Date.now(),
      metadata: { setup_fee_cents: 300 },
      lines: [
        { to: 'revenue', cents },
        { to: 'tax', cents: taxCents },
      ],
    }),
  );
  expect(refusal).toBeNull();
  return id;
}

it('a new account has none', async () => {
  const { body } = await stranger.api.expect(200, 'GET', '/wallet/invoices');
  expect(body.data).toEqual({
    invoices: [],
    pagination: { total: 0, page: 1, limit: 20, totalPages: 0 },
  });
});

it('is made once for a transaction, with lines and tax as they were posted', async () => {
  await fund(database, buyer.id, 50_000);
  const transaction = await rent(1000, 190);
  const answers = await Promise.all(Array.from({ length: 6 }, () => generate(buyer, transaction)));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body.data))).size).toBe(1);
  const { invoice_id: id, invoice_number: number } = answers[0]?.body.data ?? {
    invoice_id: '',
    invoice_number: '',
  };
  expect(number).toMatch(/^INV-\d{4}-\d{6}$/);
  const { data } = (await buyer.api.expect(200, 'GET', `/wallet/invoices/${id}`)).body;
  expect(data).toMatchObject({
    transaction_id: transaction,
    status: 'paid',
    amount: 11.9,
    currency: 'USD',
    billing_details: { payment_method: 'balance', gross_amount: 11.9, credit_type: 'general' },
    items: [
      { type: 'rental_charge', description: 'Server fra-1, 30 days', amount: 7 },
      { type: 'setup_fee', description: 'Setup fee', amount: 3 },
      { type: 'tax', amount: 1.9 },
    ],
    transaction: { id: transaction, transaction_type: 'debit' },
  });
});

it('has the next number of its year, also when many are made at once', async () => {
  const transactions: string[] = [];
  for (let index = 0; index < 12; index += 1) transactions.push(await fund(database, buyer.id, 100 + index));
  const made = await Promise.all(transactions.map((id) => generate(buyer, id)));
  expect(made.every(({ status }) => status === 200)).toBe(true);
  const rows = await database.select().from(schema.invoices);
  expect(rows.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(
    Array.from(rows, (_, index) => index + 1),
  );
  expect(await auditLedger(database)).toEqual([]);
});

it('is refused for what nobody bought, and for what is not there', async () => {
  const { body } = await buyer.api.call('POST', '/wallet/transfers', { amount: '10' });
  const transfer = String(body.data['transaction_id']);
  expect((await generate(buyer, transfer)).status).toBe(200);
  const given = newId();
  const bonus = { id: given, userId: buyer.id, description: 'A present', now: Date.now() };
  await postTransaction(database, grant({ ...bonus, type: 'promotional_credit', cents: 100 }));
  expect(await generate(buyer, given)).toMatchObject({
    status: 400,
    body: { error: 'TRANSACTION_NOT_INVOICEABLE' },
  });
  expect((await generate(stranger, transfer)).status).toBe(404);
  expect((await generate(buyer, newId())).status).toBe(404);
  expect((await generate(buyer, 'x')).body.code).toBe('INVALID_ID_FORMAT');
});

describe('the list', () => {
  interface List {
    invoices: { id: string; amount: number; invoice_number: string }[];
    pagination: { total: number };
  }
  const list = (query: Record<string, string>) =>
    buyer.api.call<List>('GET', `/wallet/invoices/?${new URLSearchParams(query).toString()}`);
  const filtered = async (filter: unknown) =>
    (await list({ filter: JSON.stringify(filter), limit: '100' })).body.data.invoices;

  it('is filtered by fields and operators', async () => {
    const all = (await list({ limit: '100' })).body.data.invoices;
    expect(all.length).toBeGreaterThan(10);
    const [first] = all;
    expect(await filtered({ invoice_number: first?.invoice_number })).toEqual([first]);
    expect(await filtered({ amount: { gte: 1.05, lt: 1.08 } })).toHaveLength(3);
    expect(await filtered({ amount: { in: [1.01, '1.02', 77] } })).toHaveLength(2);
    expect(await filtered({ status: { ne: 'paid' } })).toEqual([]);
    expect(await filtered({ paid_date: null })).toEqual([]);
    expect(await filtered({ issue_date: { gt: '2020-01-01' } })).toHaveLength(all.length);
    expect(await filtered({ invoice_number: { like: '000002' } })).toHaveLength(1);
    expect(await filtered({ user_id: stranger.id })).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['an unknown field', '{"password": "x"}'],
    ['an unknown operator', '{"status": {"regex": "."}}'],
    ['a value that does not fit', '{"issue_date": {"gt": "yesterday"}}'],
    ['an amount that is none', '{"amount": "1e9"}'],
    ['SQL', `{"status') or 1=1 --": "paid"}`],
  ])('refuses a filter that is %s', async (_, filter) => {
    expect(await list({ filter })).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('is sorted as asked, and by date when asked for what there is not', async () => {
    const by = async (query: Record<string, string>) =>
      (await list({ limit: '100', ...query })).body.data.invoices;
    const amounts = (await by({ sort_by: 'amount', sort_order: 'asc' })).map(({ amount }) => amount);
    expect(amounts).toEqual(amounts.toSorted((a, b) => a - b));
    expect(await by({ sort_by: 'nonsense' })).toEqual(await by({ sort_by: 'created_at' }));
    expect((await list({ sort_order: 'up' })).status).toBe(400);
  });
});

it('is printed once, and answered as unchanged to who has it', async () => {
  const transaction = await fund(database, buyer.id, 2500);
  const { invoice_id: id } = (await generate(buyer, transaction)).body.data;
  const path = `/wallet/invoices/${id}/pdf`;
  const [first, second] = await Promise.all([
    download(stack, buyer.token, path),
    download(stack, buyer.token, path),
  ]);
  expect(first.status).toBe(200);
  expect(first.headers['content-type']).toBe('application/pdf');
  expect(first.headers['content-disposition']).toMatch(/^attachment; filename="INV-/);
  expect(first.bytes.subarray(0, 5).toString()).toBe('%PDF-');
  expect(second.bytes.equals(first.bytes)).toBe(true);
  const etag = String(first.headers['etag']);
  expect(etag).toBe(`"${createHash('sha256').update(first.bytes).digest('hex')}"`);
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await download(stack, buyer.token, path, { 'if-none-match': tag });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
  }
  const changed = await download(stack, buyer.token, path, { 'if-none-match': '"other"' });
  expect(changed.bytes.equals(first.bytes)).toBe(true);
  expect((await download(stack, stranger.token, path)).status).toBe(404);
});
