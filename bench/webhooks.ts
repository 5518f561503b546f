/** What a webhook costs that credits a payment, against an empty write transaction through the same stack. */
import { createClient } from '@libsql/client/web';
import { newObjectId, secureRandom } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { drizzle } from 'drizzle-orm/libsql';
import Stripe from 'stripe';
import { request } from 'node:http';
import type { Stack } from '../scripts/stack/stack.ts';
import { timedPost } from './money.ts';
import { median, ms, quantile, timed, type Finding } from './statistics.ts';

const ROUNDS = 300;
const WARM_UP = 40;
const RATIO_MAX = 3;
const CENTS = 100;

/** One delivery of a raw body; rejects unless it is taken. */
function post(port: number, path: string, body: string, signature: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Webhooks that each credit a payment, and the empty write, taking turns. */
export async function measureWebhook(stack: Stack): Promise<Finding[]> {
  const { stripe_webhook_secret: secret, stripe_webhook_path: path } = stack.bootstrap;
  const database = drizzle(createClient({ url: stack.databaseUrl, authToken: stack.databaseToken }));
  const userId = newObjectId(secureRandom);
  const times = { createdAt: Date.now(), updatedAt: Date.now() };
  const names = { email: 'bench@example.test', username: 'bench', passwordHash: 'unusable' };
  await database.insert(schema.users).values({ id: userId, ...names, ...times });

  const [empty, webhook]: [number[], number[]] = [[], []];
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const id = newObjectId(secureRandom);
    const intent = { id, userId, provider: 'stripe' as const, amountCents: CENTS, currency: 'USD', ...times };
    await database.insert(schema.paymentIntents).values({ ...intent, status: 'pending' });
    const body = JSON.stringify({
      id: `evt_${id}`,
      object: 'event',
      type: 'checkout.session.completed',
      data: {
        object: {
          id: `cs_${id}`,
          amount_total: CENTS,
          currency: 'usd',
          payment_status: 'paid',
          client_reference_id: id,
          payment_intent: `pi_${id}`,
        },
      },
    });
    const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload: body, secret });
    const emptyMs = await timedPost(stack, '/api/v1/webhooks/empty-write');
    const webhookMs = await timed(() => post(stack.port, path, body, signature));
    if (round < 0) continue;
    empty.push(emptyMs);
    webhook.push(webhookMs);
  }
  const ratio = median(webhook) / median(empty);
  return [
    {
      what:
        `webhook that credits a payment: p50 ${ms(median(webhook))}, p99 ${ms(quantile(webhook, 0.99))}; ` +
        `empty write transaction through the same stack: p50 ${ms(median(empty))}`,
      measured: `${ratio.toFixed(2)} ×`,
      target: `≤ ${RATIO_MAX} ×`,
      isMet: ratio <= RATIO_MAX,
    },
  ];
}
