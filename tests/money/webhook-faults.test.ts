/** The worker dies in the middle of webhooks, again and again: nothing is lost, nothing happens twice. */
import { openDatabase, auditLedger } from '@control-plane/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { allTaken, deliveries, money, pay, query } from './payer.ts';

const PAYMENTS = 24;
const KILLS = 4;

let stack: Stack;
let release: () => Promise<void>;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false, payments: 'emulated' }));
});
afterAll(() => release());

it(
  'payments are credited once each although the worker is killed again and again',
  { timeout: 300_000 },
  async () => {
    const client = new ApiClient(stack);
    const urls: string[] = [];
    for (let index = 0; index < PAYMENTS; index += 1) {
      const { body } = await client.expect<{ checkout_url: string }>(
        201,
        'POST',
        '/wallet/payments/stripe/checkout',
        {
          amount: `${index + 1}`,
        },
      );
      urls.push(body.data.checkout_url);
    }
    const perKill = Math.ceil(PAYMENTS / KILLS);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const batch = urls.slice(kill * perKill, (kill + 1) * perKill);
      const paid = batch.map((url) => pay(url, 'card'));
      // The emulator delivers while the worker goes down; as soon as one is taken, others are under way.
      await Promise.race(paid);
      await stack.restartWorkerd();
      expect(await Promise.all(paid)).toStrictEqual(batch.map(() => 303));
    }
    await allTaken(stack, 180_000);
    const sent = await deliveries(stack);
    expect(sent.filter(({ name }) => name === 'checkout.session.completed')).toHaveLength(PAYMENTS);
    // The fault was one: some webhooks had to be sent more than once.
    expect(sent.some(({ attempts }) => attempts > 1)).toBe(true);
    expect(await money(client)).toStrictEqual([`${(PAYMENTS * (PAYMENTS + 1)) / 2}.00`, '0.00', '0.00']);
    const [credits] = await query(
      stack,
      `select count(*) as total from ledger_transactions where type = 'top_up'`,
    );
    expect(credits?.['total']).toBe(PAYMENTS);
    expect(await auditLedger(openDatabase(stack.databaseUrl, stack.databaseToken))).toStrictEqual([]);
    const [events] = await query(stack, `select count(*) as total from webhook_inbox`);
    expect(events?.['total']).toBe(sent.length);
  },
);
