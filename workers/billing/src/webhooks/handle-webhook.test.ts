/** Which deliveries are taken, which are refused and by what name, and what is left of them. */
import { createHmac } from 'node:crypto';
import { errorBody } from '@control-plane/contract/errors';
import { schema, type Database } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nowPaymentsProvider } from '../providers/nowpayments/nowpayments-provider.ts';
import { sortedJson } from '../providers/nowpayments/ipn-signature.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { stripeClient } from '../providers/stripe/stripe-client.ts';
import { stripeProvider } from '../providers/stripe/stripe-provider.ts';
import { deliver } from './deliver.ts';
import { webhookProviderOf } from './handle-webhook.ts';

const SECRET = 'whsec_test';
const IPN_SECRET = 'ipn_test';
const NOW = 1_900_000_000_000;
const INTENT = 'c'.repeat(24);
const USER = 'a'.repeat(24);
/** Nothing listens there: whoever asks the provider in these tests fails. */
const NOWHERE = 'http://127.0.0.1:9';

let temporary: TemporaryDatabase;
let database: Database;
let stripe: PaymentProvider;
let nowpayments: PaymentProvider;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  const times = { createdAt: 1, updatedAt: 1 };
  await database
    .insert(schema.users)
    .values({ id: USER, email: 'a@example.test', username: 'a', passwordHash: 'unusable', ...times });
  for (const [id, provider] of [
    [INTENT, 'stripe'],
    ['d'.repeat(24), 'nowpayments'],
  ] as const) {
    await database.insert(schema.paymentIntents).values({
      id,
      userId: USER,
      provider,
      status: 'pending',
      amountCents: 1000,
      currency: 'USD',
      ...times,
    });
  }
  stripe = stripeProvider({
    client: stripeClient('sk_test_x', NOWHERE),
    webhookSecret: SECRET,
    returnUrl: NOWHERE,
    database,
    now: () => NOW,
  });
  nowpayments = nowPaymentsProvider({
    apiKey: 'x',
    ipnSecret: IPN_SECRET,
    apiUrl: NOWHERE,
    returnUrl: NOWHERE,
  });
});
afterAll(() => temporary.dispose());

const event = (id: string, type: string, object: object): string =>
  JSON.stringify({ id, object: 'event', type, data: { object } });
const paidSession = (id = 'evt_1', sessionId = 'cs_1'): string =>
  event(id, 'checkout.session.completed', {
    id: sessionId,
    amount_total: 1000,
    currency: 'usd',
    payment_status: 'paid',
    metadata: { intent_id: INTENT },
    payment_intent: 'pi_1',
  });
const sign = (payload: string, ageS = 0, secret = SECRET): Promise<string> =>
  Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret, timestamp: NOW / 1000 - ageS });

async function post(
  provider: PaymentProvider,
  body: string | Uint8Array,
  headers: Record<string, string>,
): Promise<string> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const taken = await deliver(database, provider, bytes, new Headers(headers), NOW);
  if (taken.ok) return `200 ${taken.value.outcome}`;
  const { statusCode, code } = errorBody(taken.error);
  return `${statusCode} ${code}`;
}
const kept = async (): Promise<string[]> =>
  (await database.select().from(schema.webhookInbox)).map(({ eventId }) => eventId);
const balance = async (): Promise<number> =>
  (await database.select().from(schema.ledgerAccounts))
    .filter(({ kind }) => kind === 'user_general')
    .reduce((sum, { balanceMicros }) => sum + balanceMicros, 0);

describe('what is not genuine', () => {
  const body = paidSession();
  it.each([
    ['no signature', body, async () => ({}), '400 WEBHOOK_SIGNATURE_MISSING'],
    [
      'another secret',
      body,
      async () => ({ h: await sign(body, 0, 'whsec_other') }),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    [
      'an altered body',
      body.replace('1000', '9000'),
      async () => ({ h: await sign(body) }),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    ['a blank more', `${body} `, async () => ({ h: await sign(body) }), '401 WEBHOOK_SIGNATURE_INVALID'],
    ['an empty body', '', async () => ({ h: await sign(body) }), '401 WEBHOOK_SIGNATURE_INVALID'],
    [
      'no time',
      body,
      async () => ({ h: (await sign(body)).replace(/t=\d+,/, '') }),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    [
      'a later time than was signed',
      body,
      async () => ({ h: (await sign(body, 5000)).replace(/t=\d+/, `t=${NOW / 1000}`) }),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    [
      'a second time in front of the signed one',
      body,
      async () => ({ h: `t=${NOW / 1000},${await sign(body, 5000)}` }),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    ['signed 301 s ago', body, async () => ({ h: await sign(body, 301) }), '401 WEBHOOK_TIMESTAMP_STALE'],
    ['signed in 301 s', body, async () => ({ h: await sign(body, -301) }), '401 WEBHOOK_TIMESTAMP_STALE'],
    [
      'a scheme of old',
      body,
      async () => ({ h: (await sign(body)).replace('v1=', 'v0=') }),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    ['garbage', body, async () => ({ h: 'x'.repeat(10_000) }), '401 WEBHOOK_SIGNATURE_INVALID'],
    ['genuine, but no JSON', 'x', async () => ({ h: await sign('x') }), '400 WEBHOOK_BODY_INVALID'],
    ['genuine, but null', 'null', async () => ({ h: await sign('null') }), '400 WEBHOOK_BODY_INVALID'],
    [
      'genuine, but of a connected account',
      body.replace('{', '{"account":"acct_1",'),
      async () => ({ h: await sign(body.replace('{', '{"account":"acct_1",')) }),
      '400 WEBHOOK_BODY_INVALID',
    ],
    [
      'genuine, but no event',
      '{"id":1}',
      async () => ({ h: await sign('{"id":1}') }),
      '400 WEBHOOK_BODY_INVALID',
    ],
  ] as [string, string, () => Promise<{ h?: string }>, string][])(
    'Stripe, %s',
    async (_, sent, headers, expected) => {
      const { h } = await headers();
      expect(await post(stripe, sent, h === undefined ? {} : { 'stripe-signature': h })).toBe(expected);
      expect(await kept()).toStrictEqual([]);
      expect(await balance()).toBe(0);
    },
  );

  const ipn = JSON.stringify({
    payment_id: 1,
    payment_status: 'finished',
    price_amount: 5,
    order_id: 'd'.repeat(24),
  });
  const hmac = (text: string, secret = IPN_SECRET): string =>
    createHmac('sha512', secret).update(text).digest('hex');
  it.each([
    ['no signature', ipn, undefined, '400 WEBHOOK_SIGNATURE_MISSING'],
    ['another secret', ipn, hmac(sortedJson(JSON.parse(ipn)), 'other'), '401 WEBHOOK_SIGNATURE_INVALID'],
    [
      'an altered body',
      ipn.replace('5', '500'),
      hmac(sortedJson(JSON.parse(ipn))),
      '401 WEBHOOK_SIGNATURE_INVALID',
    ],
    ['half a signature', ipn, hmac(ipn).slice(0, 64), '401 WEBHOOK_SIGNATURE_INVALID'],
    ['no JSON', 'x', hmac('x'), '400 WEBHOOK_BODY_INVALID'],
    ['a list', '[]', hmac('[]'), '400 WEBHOOK_BODY_INVALID'],
    ['bytes that are no text', '\u{fffd}', hmac('x'), '400 WEBHOOK_BODY_INVALID'],
  ])('NOWPayments, %s', async (_, sent, signature, expected) => {
    const headers = signature === undefined ? undefined : { 'x-nowpayments-sig': signature };
    expect(await post(nowpayments, sent, headers ?? {})).toBe(expected);
    expect(await kept()).toStrictEqual([]);
    expect(await balance()).toBe(0);
  });
});

describe('what is genuine', () => {
  const postStripe = async (body: string): Promise<string> =>
    post(stripe, body, { 'stripe-signature': await sign(body) });

  it('is kept as it came and credited once', async () => {
    const body = paidSession();
    expect(await postStripe(body)).toBe('200 applied');
    expect(await postStripe(body)).toBe('200 duplicate');
    // Stripe may tell the same by another event.
    expect(await postStripe(paidSession('evt_2'))).toBe('200 unchanged');
    expect(await balance()).toBe(10_000_000);
    const [row] = await database.select().from(schema.webhookInbox);
    expect(row).toMatchObject({ eventId: 'evt_1', eventType: 'checkout.session.completed', body });
  });

  it('is taken at the very edge of the time, and with more than one signature', async () => {
    const body = event('evt_3', 'payment_intent.payment_failed', { id: 'pi_1' });
    const header = await sign(body, 300);
    expect(await post(stripe, body, { 'stripe-signature': `${header},v1=${'0'.repeat(64)}` })).toBe(
      '200 unchanged',
    );
  });

  it('of a type without meaning here is kept and answered 200', async () => {
    expect(await postStripe(event('evt_4', 'customer.tax_id.created', {}))).toBe('200 ignored');
    expect(await postStripe(event('evt_5', 'constructor', {}))).toBe('200 ignored');
    expect(await kept()).toContain('evt_4');
  });

  it('but not of its type’s shape is kept for a person and answered 400', async () => {
    expect(await postStripe(event('evt_6', 'charge.refunded', { id: 'ch_1', amount_refunded: -1 }))).toBe(
      '400 WEBHOOK_BODY_INVALID',
    );
    expect(await kept()).toContain('evt_6');
  });

  it('but in another currency credits nothing', async () => {
    const before = await balance();
    const intent = 'e'.repeat(24);
    await database.insert(schema.paymentIntents).values({
      id: intent,
      userId: USER,
      provider: 'stripe',
      status: 'pending',
      amountCents: 1000,
      currency: 'USD',
      createdAt: 1,
      updatedAt: 1,
    });
    const object = {
      id: 'cs_eur',
      amount_total: 1000,
      currency: 'eur',
      payment_status: 'paid',
      payment_intent: 'pi_eur',
      metadata: { intent_id: intent },
    };
    expect(await postStripe(event('evt_7', 'checkout.session.completed', object))).toBe('200 applied');
    expect(await balance()).toBe(before);
    // Nor is anything taken when it goes back.
    for (const [id, type] of [
      ['re_eur', 'refund.created'],
      ['dp_eur', 'charge.dispute.created'],
    ] as const) {
      const back = { id, amount: 1000, currency: 'eur', status: 'needs_response', payment_intent: 'pi_eur' };
      expect(await postStripe(event(`evt_${id}`, type, back))).toBe('200 unchanged');
    }
    expect(await balance()).toBe(before);
    const rows = await database.select().from(schema.paymentIntents);
    expect(rows.find(({ id }) => id === intent)?.status).toBe('admin_review');
  });

  it('but names an intent where only the payer writes is nobody’s', async () => {
    const before = await balance();
    const object = { id: 'cs_link', amount_total: 100, payment_status: 'paid', client_reference_id: INTENT };
    expect(await postStripe(event('evt_link', 'checkout.session.completed', object))).toBe('200 unmatched');
    expect(await balance()).toBe(before);
  });

  it('but has to ask a provider that is down: kept, and to be sent again', async () => {
    const body = event('evt_8', 'refund.created', { id: 're_1', amount: 100, payment_intent: 'pi_unknown' });
    await expect(postStripe(body)).rejects.toThrow();
    expect(await kept()).toContain('evt_8');
    const outcomes = await database.select().from(schema.webhookOutcomes);
    expect(outcomes.map(({ eventId }) => eventId)).not.toContain('evt_8');
  }, 60_000);

  it('is never changed nor removed afterwards', async () => {
    await expect(database.update(schema.webhookInbox).set({ body: '{}' })).rejects.toThrow();
    await expect(database.delete(schema.webhookInbox)).rejects.toThrow();
    await expect(database.delete(schema.paymentRevisions)).rejects.toThrow();
  });

  it.each([
    ['sorted JSON, as it is documented', (value: object) => sortedJson(JSON.parse(JSON.stringify(value)))],
    ['the body itself', (value: object) => JSON.stringify(value)],
  ])('NOWPayments signs %s', async (how, signedText) => {
    const value = {
      payment_status: 'waiting',
      payment_id: how.length,
      fee: { serviceFee: 0, currency: 'btc', depositFee: 1e-8 },
      payment_extra_ids: [3, 1],
      order_id: 'd'.repeat(24),
    };
    const signature = createHmac('sha512', IPN_SECRET).update(signedText(value)).digest('hex');
    expect(await post(nowpayments, JSON.stringify(value), { 'x-nowpayments-sig': signature })).toBe(
      '200 applied',
    );
    // The same words in another order are the same notification.
    const turned = JSON.stringify(Object.fromEntries(Object.entries(value).toReversed()));
    const again = createHmac('sha512', IPN_SECRET).update(turned).digest('hex');
    expect(await post(nowpayments, turned, { 'x-nowpayments-sig': again })).toBe('200 duplicate');
  });
});

it.each([
  ['/api/v1/webhooks/stripe', 'stripe'],
  ['/api/v1/webhooks/nowpayments', 'nowpayments'],
  ['/api/v1/webhooks/paypal', null],
  ['/api/v1/webhooks/', null],
  ['/api/v1/wallet', null],
])('%s is the webhook of %s', (path, name) => expect(webhookProviderOf(path)).toBe(name));
