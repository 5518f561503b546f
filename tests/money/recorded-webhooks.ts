/**
 * A set of webhooks as the providers send them, recorded from the emulator: payments by card and bank debit,
 * refunds that arrive and one that fails, disputes won and lost, coins in every amount.
 */
import { errorBody } from '@control-plane/contract/errors';
import { schema, type Database } from '@control-plane/database';
import Stripe from 'stripe';
import { deliver } from '../../workers/billing/src/webhooks/deliver.ts';
import { signText, sortedJson } from '../../workers/billing/src/providers/nowpayments/ipn-signature.ts';
import { nowPaymentsProvider } from '../../workers/billing/src/providers/nowpayments/nowpayments-provider.ts';
import type { PaymentProvider } from '../../workers/billing/src/providers/payment-provider.ts';
import { stripeClient } from '../../workers/billing/src/providers/stripe/stripe-client.ts';
import { stripeProvider } from '../../workers/billing/src/providers/stripe/stripe-provider.ts';
import { startEmulator, type Emulator } from '../payment-providers/emulator.ts';
import { eventually } from '../support/api-client.ts';
import { pay } from './payer.ts';

export const SECRETS = {
  stripeSecretKey: 'sk_test_1',
  stripeWebhookSecret: 'whsec_1',
  nowpaymentsApiKey: 'np_1',
  nowpaymentsIpnSecret: 'ipn_1',
};
const USERS = ['a', 'b'].map((digit) => digit.repeat(24));

export interface RecordedWebhook {
  readonly provider: 'stripe' | 'nowpayments';
  readonly name: string;
  readonly body: string;
}

interface Plan {
  readonly id: string;
  readonly userId: string;
  readonly provider: 'stripe' | 'nowpayments';
  readonly cents: number;
  readonly acts: readonly string[];
}

const plans: readonly Plan[] = (
  [
    ['stripe', 5000, ['card', 'refund 1000', 'refund 1500', 'fail-refund']],
    ['stripe', 8000, ['card', 'dispute', 'won']],
    ['stripe', 3000, ['card', 'dispute', 'lost']],
    ['stripe', 2000, ['bank_debit', 'paid']],
    ['stripe', 2100, ['bank_debit', 'unpaid']],
    ['stripe', 2200, ['declined_card', 'card']],
    ['stripe', 2300, ['expire']],
    ['stripe', 6000, ['card', 'refund 6000']],
    ['nowpayments', 4000, ['exact']],
    ['nowpayments', 5000, ['half', 'half']],
    ['nowpayments', 1500, ['double']],
    ['nowpayments', 2500, ['exact', 'return']],
    ['nowpayments', 2600, ['expired']],
  ] as const
).map(([provider, cents, acts], index) => ({
  id: index.toString(16).padStart(24, '0'),
  userId: USERS[index % USERS.length] ?? '',
  provider,
  cents,
  acts,
}));

/** The intents that the recorded webhooks are about, as new as when they were made. */
export async function addIntents(database: Database): Promise<void> {
  const times = { createdAt: 1, updatedAt: 1 };
  for (const id of USERS) {
    const names = { email: `${id}@example.test`, username: id, passwordHash: 'unusable' };
    await database.insert(schema.users).values({ id, ...names, ...times });
  }
  for (const { id, userId, provider, cents } of plans) {
    const intent = { id, userId, provider, amountCents: cents, currency: 'USD', ...times };
    await database.insert(schema.paymentIntents).values({ ...intent, status: 'pending' });
  }
}

/** Both providers as the worker has them, with their APIs at `apiUrl`. */
export function providersAt(
  apiUrl: string,
  database: Database,
): Record<'stripe' | 'nowpayments', PaymentProvider> {
  const returnUrl = 'http://127.0.0.1/paid';
  return {
    stripe: stripeProvider({
      client: stripeClient(SECRETS.stripeSecretKey, apiUrl),
      webhookSecret: SECRETS.stripeWebhookSecret,
      returnUrl,
      database,
      now: Date.now,
    }),
    nowpayments: nowPaymentsProvider({
      apiKey: SECRETS.nowpaymentsApiKey,
      ipnSecret: SECRETS.nowpaymentsIpnSecret,
      apiUrl: `${apiUrl}/nowpayments/v1`,
      returnUrl,
    }),
  };
}

/** An emulator that has seen all of it, and the webhooks that it would have sent, in order. */
export async function recordWebhooks(
  database: Database,
): Promise<{ emulator: Emulator; webhooks: RecordedWebhook[] }> {
  const emulator = await startEmulator({ port: 0, ...SECRETS });
  const providers = providersAt(emulator.url, database);
  for (const plan of plans) await carryOut(emulator, providers[plan.provider], plan);
  return {
    emulator,
    webhooks: emulator.deliveries().map(({ provider, name, body }) => ({ provider, name, body })),
  };
}

async function carryOut(emulator: Emulator, provider: PaymentProvider, plan: Plan): Promise<void> {
  const order = { intentId: plan.id, userId: plan.userId, email: 'x@example.test', amountCents: plan.cents };
  const opened = await provider.openCheckout(order);
  if (!opened.ok) throw new Error(opened.error.message);
  const { redirectUrl, references } = opened.value;
  const last = (name: string, key: string): string => {
    const body = emulator.deliveries().findLast((each) => each.name === name)?.body ?? '{}';
    const json = JSON.parse(body) as { data?: { object: Record<string, unknown> } } & Record<string, unknown>;
    return String((json.data?.object ?? json)[key]);
  };
  const happen = async (path: string, form: Record<string, string> = {}): Promise<void> => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${emulator.url}/emulator/${path}`, { method: 'POST', body });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  };
  for (const act of plan.acts) {
    const [what = '', amount = ''] = act.split(' ');
    if (what === 'refund') await happen(`refund/${last('payment_intent.succeeded', 'id')}`, { amount });
    else if (what === 'fail-refund') await happen(`fail-refund/${last('refund.created', 'id')}`);
    else if (what === 'dispute') await happen(`dispute/${last('payment_intent.succeeded', 'id')}`);
    else if (what === 'won' || what === 'lost') {
      await happen(`close-dispute/${last('charge.dispute.created', 'id')}`, { outcome: what });
    } else if (what === 'paid' || what === 'unpaid') {
      await happen(`settle/${references[0] ?? ''}`, { outcome: what });
    } else if (what === 'expire') {
      await stripeClient(SECRETS.stripeSecretKey, emulator.url).checkout.sessions.expire(references[0] ?? '');
    } else if (what === 'return') await happen(`return-coins/${last('finished', 'payment_id')}`);
    else await pay(redirectUrl, what);
  }
}

/** The headers with which a webhook is delivered, signed now. */
export async function signedHeaders({ provider, body }: RecordedWebhook): Promise<Headers> {
  if (provider === 'stripe') {
    const header = await Stripe.webhooks.generateTestHeaderStringAsync({
      payload: body,
      secret: SECRETS.stripeWebhookSecret,
    });
    return new Headers({ 'stripe-signature': header });
  }
  const text = sortedJson(JSON.parse(body) as Record<string, never>);
  return new Headers({ 'x-nowpayments-sig': await signText(SECRETS.nowpaymentsIpnSecret, text) });
}

const encoder = new TextEncoder();

/** Delivers until it is taken, as providers do; how many deliveries that took. */
export async function deliverUntilTaken(
  database: Database,
  providers: Record<'stripe' | 'nowpayments', PaymentProvider>,
  webhook: RecordedWebhook,
  headers: Headers,
): Promise<number> {
  let tries = 0;
  await eventually(`${webhook.name} is taken`, async () => {
    tries += 1;
    const bytes = encoder.encode(webhook.body);
    const taken = await deliver(database, providers[webhook.provider], bytes, headers, Date.now());
    if (taken.ok) return true;
    const { statusCode, code } = errorBody(taken.error);
    if (statusCode < 500) throw new Error(`${webhook.name} was refused: ${code}`);
    return undefined;
  });
  return tries;
}

/** All that payments and books say, without times: what must not depend on how webhooks came. */
export async function booksOf(database: Database): Promise<unknown> {
  const [accounts, intents, parts] = await database.batch([
    database.select().from(schema.ledgerAccounts),
    database.select().from(schema.paymentIntents),
    database.select().from(schema.paymentParts),
  ]);
  return {
    accounts: accounts
      .filter(({ balanceMicros }) => balanceMicros !== 0)
      .map(({ kind, userId, balanceMicros }) => `${kind} ${userId} ${balanceMicros}`)
      .toSorted(),
    intents: intents.map(({ id, status }) => `${id} ${status}`).toSorted(),
    parts: parts
      .map(({ kind, reference, stage, amountCents }) => `${kind} ${reference} ${stage} ${amountCents}`)
      .toSorted(),
  };
}
