/** Payments the whole way: client → stack → emulated provider → signed webhook → ledger. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, eventually } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { allTaken, happen, lastObject, money, pay, query, type Intent } from './payer.ts';

let stack: Stack;
let release: () => Promise<void>;
let client: ApiClient;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false, payments: 'emulated' }));
  client = new ApiClient(stack);
});
afterAll(() => release());

interface Opened {
  readonly intent: Intent;
  readonly checkout_url: string;
  readonly invoice_url: string;
}

async function login(index: number): Promise<ApiClient> {
  const user = stack.bootstrap.users[index];
  const { body } = await client.expect<{ token: string }>(200, 'POST', '/users/auth/login', {
    username: user?.username,
    password: user?.password,
  });
  return new ApiClient(stack, body.data.token);
}
const checkout = async (by: ApiClient, amount: string, key?: string): Promise<Opened> =>
  (
    await by.expect<Opened>(201, 'POST', '/wallet/payments/stripe/checkout', {
      amount,
      ...(key === undefined ? {} : { idempotency_key: key }),
    })
  ).body.data;
const invoice = async (by: ApiClient, amount: string): Promise<Opened> =>
  (await by.expect<Opened>(201, 'POST', '/wallet/payments/crypto/invoice', { amount })).body.data;

async function settled(
  by: ApiClient,
  kind: 'stripe' | 'crypto',
  id: string,
  status: string,
): Promise<Intent> {
  return eventually(`the intent is ${status}`, async () => {
    const { body } = await by.expect<Intent>(200, 'GET', `/wallet/payments/${kind}/intents/${id}`);
    return body.data.status === status ? body.data : undefined;
  });
}

describe('cards', () => {
  it('a paid session is credited once, listed, and shown to nobody else', async () => {
    const user = await login(0);
    const { intent, checkout_url: url } = await checkout(user, '25.50');
    expect(intent).toMatchObject({ provider: 'stripe', status: 'pending', amount: 25.5, currency: 'USD' });
    expect(intent.redirect_url).toBe(url);
    expect(await pay(url, 'declined_card')).toBe(402);
    expect(await pay(url, 'card')).toBe(303);
    const done = await settled(user, 'stripe', intent.id, 'completed');
    expect(done.credited_at).not.toBeNull();
    await allTaken(stack);
    expect(await money(user)).toStrictEqual(['25.50', '0.00', '0.00']);
    const { body } = await user.expect<{ intents: Intent[]; total: number }>(
      200,
      'GET',
      '/wallet/payments/stripe/intents?limit=1',
    );
    expect(body.data).toMatchObject({ total: 1, intents: [{ id: intent.id, status: 'completed' }] });
    await user.expect(200, 'GET', `/wallet/payments/stripe/intents/${intent.id.toUpperCase()}`);
    const path = `/wallet/payments/stripe/intents/${intent.id}`;
    await (await login(1)).expect(404, 'GET', path);
    await user.expect(404, 'GET', path, undefined, { realm: 'a'.repeat(24) });
    await user.expect(404, 'GET', `/wallet/payments/crypto/intents/${intent.id}`);
  });

  it('the same key is the same intent, another amount is refused', async () => {
    const user = await login(1);
    const first = await checkout(user, '10', 'key-1');
    const again = await checkout(user, '10.00', 'key-1');
    expect(again).toStrictEqual(first);
    const { body } = await user.expect(409, 'POST', '/wallet/payments/stripe/checkout', {
      amount: '11',
      idempotency_key: 'key-1',
    });
    expect(body.code).toBe('IDEMPOTENCY_INTENT_MISMATCH');
    // Nor does the key show what was begun elsewhere to a realm's host.
    const order = { amount: '10', idempotency_key: 'key-1' };
    const elsewhere = await user.expect(409, 'POST', '/wallet/payments/stripe/checkout', order, {
      realm: 'a'.repeat(24),
    });
    expect(elsewhere.body.code).toBe('IDEMPOTENCY_INTENT_MISMATCH');
    expect((await checkout(await login(0), '11', 'key-1')).intent.id).not.toBe(first.intent.id);
    const concurrent = await Promise.all(Array.from({ length: 8 }, () => checkout(user, '12', 'key-many')));
    expect(new Set(concurrent.map(({ checkout_url: url }) => url)).size).toBe(1);
  });

  it.each([
    ['0', 'AMOUNT_TOO_SMALL'],
    ['-5', 'AMOUNT_SIGNED'],
    ['1e3', 'AMOUNT_EXPONENT'],
    ['5.001', 'AMOUNT_TOO_PRECISE'],
    ['٥٠', 'AMOUNT_NON_ASCII'],
    ['5 EUR', 'AMOUNT_CURRENCY_UNSUPPORTED'],
    ['99999999', 'AMOUNT_TOO_LARGE'],
    [' 5', 'AMOUNT_INVALID'],
    [5, 'AMOUNT_INVALID'],
  ])('the amount %j is refused as %s', async (amount, code) => {
    const { body } = await client.expect(400, 'POST', '/wallet/payments/stripe/checkout', { amount });
    expect(body.code).toBe(code);
  });

  it('money that takes a while is credited when it is there, and not when it never comes', async () => {
    const user = await login(1);
    const [slow, never] = [await checkout(user, '7'), await checkout(user, '8')];
    for (const { checkout_url: url, intent } of [slow, never]) {
      await pay(url, 'bank_debit');
      await settled(user, 'stripe', intent.id, 'processing');
    }
    const sessionOf = (url: string): string => url.split('/').at(-1) ?? '';
    await happen(stack, `settle/${sessionOf(slow.checkout_url)}`, { outcome: 'paid' });
    await happen(stack, `settle/${sessionOf(never.checkout_url)}`, { outcome: 'failed' });
    await settled(user, 'stripe', slow.intent.id, 'completed');
    await settled(user, 'stripe', never.intent.id, 'failed');
    expect(await money(user)).toStrictEqual(['7.00', '0.00', '0.00']);
  });

  it('refunds, disputes and what was spent meanwhile: never a balance below zero', async () => {
    const user = await login(2);
    const { intent, checkout_url: url } = await checkout(user, '100');
    await pay(url, 'card');
    await settled(user, 'stripe', intent.id, 'completed');
    const { id: paymentIntent } = await lastObject(stack, 'payment_intent.succeeded');
    const refund = (cents: number) =>
      happen(stack, `refund/${String(paymentIntent)}`, { amount: String(cents) });
    await refund(3000);
    await eventually('the refund is booked', async () =>
      (await money(user))[0] === '70.00' ? true : undefined,
    );
    await settled(user, 'stripe', intent.id, 'completed');
    // 60 of 70 dollars go where they can't come back from.
    await user.expect(200, 'POST', '/wallet/transfers', { amount: '60' });
    await happen(stack, `dispute/${String(paymentIntent)}`);
    await settled(user, 'stripe', intent.id, 'admin_review');
    await allTaken(stack);
    expect(await money(user)).toStrictEqual(['0.00', '100.00', '90.00']);
    const { id: dispute } = await lastObject(stack, 'charge.dispute.created');
    await happen(stack, `close-dispute/${String(dispute)}`, { outcome: 'won' });
    await settled(user, 'stripe', intent.id, 'completed');
    await allTaken(stack);
    expect(await money(user)).toStrictEqual(['10.00', '0.00', '0.00']);
    // A last refund of more than is left becomes a debt; the next payment pays it first.
    await refund(7000);
    await settled(user, 'stripe', intent.id, 'cancelled');
    await allTaken(stack);
    expect(await money(user)).toStrictEqual(['0.00', '0.00', '60.00']);
    const next = await checkout(user, '75');
    await pay(next.checkout_url, 'card');
    await settled(user, 'stripe', next.intent.id, 'completed');
    await allTaken(stack);
    expect(await money(user)).toStrictEqual(['15.00', '0.00', '0.00']);
  });

  it('says which ways to pay there are', async () => {
    const { body } = await client.expect(200, 'GET', '/wallet/payment-availability');
    expect(body.data).toMatchObject({
      stripe: { enabled: true, min_usd: 1, max_usd: 10_000 },
      nowpayments: { enabled: true },
      ai_credit_fee_bps: 500,
    });
  });
});

describe('crypto', () => {
  it.each([
    ['exact', 'completed', '20.00'],
    ['half', 'admin_review', '10.00'],
    ['double', 'completed', '40.00'],
    ['expired', 'expired', '0.00'],
  ])('a payer who sends %s: %s, credited %s', async (how, status, credited) => {
    const before = Number((await money(client))[0]);
    const { intent, invoice_url: url } = await invoice(client, '20');
    expect(intent.redirect_url).toBe(url);
    expect(await pay(url, how)).toBe(303);
    await settled(client, 'crypto', intent.id, status);
    await allTaken(stack);
    expect((Number((await money(client))[0]) - before).toFixed(2)).toBe(credited);
  });

  it('a payer who sends the other half later is credited with it', async () => {
    const user = await login(0);
    const [before = ''] = await money(user);
    const { intent, invoice_url: url } = await invoice(user, '30');
    await pay(url, 'half');
    await settled(user, 'crypto', intent.id, 'admin_review');
    await pay(url, 'half');
    await settled(user, 'crypto', intent.id, 'completed');
    await allTaken(stack);
    expect(Number((await money(user))[0])).toBe(Number(before) + 30);
  });

  it('coins that are sent back are taken back', async () => {
    const [before] = await money(client);
    const { intent, invoice_url: url } = await invoice(client, '20');
    await pay(url, 'exact');
    await settled(client, 'crypto', intent.id, 'completed');
    const [row] = await query(stack, `select reference from payment_parts where intent_id = ?`, [intent.id]);
    await happen(stack, `return-coins/${String(row?.['reference'])}`);
    await settled(client, 'crypto', intent.id, 'cancelled');
    await allTaken(stack);
    expect((await money(client))[0]).toBe(before);
  });
});

describe('bank transfers', () => {
  interface Transfer {
    readonly intent: Intent;
    readonly transfer: { readonly reference: string; readonly iban: string };
  }

  it('are booked by administrators, each line of the statement once', async () => {
    const user = await login(0);
    const admin = new ApiClient(stack, stack.bootstrap.admin_token);
    const [before = ''] = await money(user);
    const { body } = await user.expect<Transfer>(201, 'POST', '/wallet/payments/bank/transfers', {
      amount: '50',
    });
    const { reference } = body.data.transfer;
    expect(reference).toMatch(/^RF\d{16}$/);
    const book = (by: ApiClient, fields: Record<string, string>, status: number) =>
      by.expect<{ intent: Intent; replayed: boolean }>(status, 'POST', '/wallet/payments/bank/bookings', {
        statement_id: 'S-1',
        reference: reference.replace(/(.{4})/g, '$1 ').toLowerCase(),
        amount: '20',
        ...fields,
      });
    await book(user, {}, 403);
    await book(client, {}, 403);
    const first = await book(admin, {}, 201);
    expect(first.body.data).toMatchObject({ replayed: false, intent: { status: 'admin_review' } });
    const again = await book(admin, {}, 201);
    expect(again.body.data.replayed).toBe(true);
    expect((await book(admin, { amount: '21' }, 409)).body.code).toBe('BANK_BOOKING_CONFLICT');
    await book(admin, { statement_id: 'S-2', reference: 'RF00000000000000' }, 404);
    const rest = await book(admin, { statement_id: 'S-2', amount: '30' }, 201);
    expect(rest.body.data.intent.status).toBe('completed');
    expect(Number((await money(user))[0])).toBe(Number(before) + 50);
    await book(admin, { statement_id: 'S-3', amount: '50', kind: 'returned' }, 201);
    expect((await money(user))[0]).toBe(before);
  });
});

describe('payment methods', () => {
  interface Method {
    readonly id: string;
    readonly is_default: boolean;
    readonly details: Record<string, unknown>;
  }
  const list = async (by: ApiClient): Promise<Method[]> =>
    (await by.expect<Method[]>(200, 'GET', '/wallet/payment-methods')).body.data;

  it('a card is saved by its token, and by the checkout page', async () => {
    const user = await login(1);
    const add = await user.expect<Method>(201, 'POST', '/wallet/payment-methods/', {
      name: 'My card',
      details: { payment_method_id: 'pm_card_visa' },
      is_default: true,
    });
    expect(add.body.data).toMatchObject({
      type: 'credit_card',
      is_default: true,
      details: { brand: 'visa', last4: '4242' },
    });
    const { checkout_url: url } = await checkout(user, '5');
    await pay(url, 'saved_card');
    await eventually('both cards are listed', async () =>
      (await list(user)).length === 2 ? true : undefined,
    );
    const other = (await list(user)).find(({ id }) => id !== add.body.data.id);
    await user.expect(200, 'PUT', `/wallet/payment-methods/${other?.id ?? ''}/default`);
    expect((await list(user)).filter((method) => method.is_default)).toHaveLength(1);
    await (await login(0)).expect(404, 'DELETE', `/wallet/payment-methods/${other?.id ?? ''}`);
    await user.expect(200, 'DELETE', `/wallet/payment-methods/${other?.id ?? ''}`);
    await allTaken(stack);
    expect((await list(user)).map(({ id }) => id)).toStrictEqual([add.body.data.id]);
  });

  it('never takes the number of a card, nor a token that Stripe does not know', async () => {
    const { body } = await client.expect(400, 'POST', '/wallet/payment-methods/', {
      name: 'x',
      details: { number: '4242 4242 4242 4242' },
    });
    expect(body.code).toBe('CARD_NUMBER_FORBIDDEN');
    await client.expect(400, 'POST', '/wallet/payment-methods/', {
      name: 'x',
      details: { payment_method_id: 'pm_unknown' },
    });
    const kept = await client.expect<Method>(201, 'POST', '/wallet/payment-methods/', {
      name: 'IBAN',
      type: 'bank_transfer',
    });
    const path = `/wallet/payment-methods/${kept.body.data.id}`;
    const changed = await client.expect(200, 'PATCH', path, { status: 'inactive', details: { note: 'old' } });
    expect(changed.body.data).toMatchObject({ status: 'inactive', details: { note: 'old' } });
    await client.expect(400, 'PATCH', path, { name: 'unknown field' });
  });
});

it('the books balance after all of it', async () => {
  await allTaken(stack);
  const [row] = await query(stack, 'select sum(amount_micros) as total from ledger_postings');
  expect(row?.['total']).toBe(0);
  const waiting = await query(
    stack,
    `select event_type from webhook_inbox i where not exists
      (select 1 from webhook_outcomes o where o.provider = i.provider and o.event_id = i.event_id)`,
  );
  expect(waiting).toStrictEqual([]);
});
