/** `npm run webhooks:replay`, as an operator runs it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { schema } from '@control-plane/database';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';
import { openEndpointDatabase, type EndpointDatabase } from './endpoint-database.ts';

const INTENT = 'c'.repeat(24);
const USER = 'a'.repeat(24);

let opened: EndpointDatabase;
beforeAll(async () => {
  opened = await openEndpointDatabase();
});
afterAll(() => opened.dispose());

/** Runs the command; its output and how it ended. */
function replay(...options: string[]): Promise<{ code: number | null; out: string; errors: string }> {
  const script = join(REPOSITORY_ROOT, 'scripts/webhooks-replay.ts');
  const child = spawn(process.execPath, [script, ...options], {
    env: { ...process.env, DATABASE_URL: opened.url, DATABASE_TOKEN: opened.token },
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out: out.trim(), errors }));
  });
}

let received = 0;
/** A genuine event that was kept and not dealt with. */
async function keep(eventId: string, type: string, object: object): Promise<void> {
  received += 1;
  const body = JSON.stringify({ id: eventId, object: 'event', type, data: { object } });
  await opened.database
    .insert(schema.webhookInbox)
    .values({ provider: 'stripe', eventId, eventType: type, body, receivedAt: received });
}

beforeEach(async () => {
  const times = { createdAt: 1, updatedAt: 1 };
  await opened.database
    .insert(schema.users)
    .values({ id: USER, email: 'a@example.test', username: 'a', passwordHash: 'unusable', ...times })
    .onConflictDoNothing();
  await opened.database
    .insert(schema.paymentIntents)
    .values({
      id: INTENT,
      userId: USER,
      provider: 'stripe',
      status: 'pending',
      amountCents: 1000,
      currency: 'USD',
      ...times,
    })
    .onConflictDoNothing();
});

it('drives what nothing came of, and then finds nothing more to do', { timeout: 120_000 }, async () => {
  await keep('evt_1', 'checkout.session.completed', {
    id: 'cs_1',
    amount_total: 1000,
    currency: 'usd',
    payment_status: 'paid',
    metadata: { intent_id: INTENT },
    payment_intent: 'pi_1',
  });
  await keep('evt_2', 'charge.refunded', { nothing: 'that can be read' });
  expect(await replay('--provider', 'bank')).toMatchObject({ code: 0, out: 'Nothing to drive again.' });
  expect(await replay()).toMatchObject({ code: 0, out: '1 applied, 1 unreadable' });
  expect(await replay('--all')).toMatchObject({ code: 0, out: '1 duplicate, 1 unreadable' });
  const accounts = await opened.database.select().from(schema.ledgerAccounts);
  expect(accounts.find(({ kind }) => kind === 'user_general')?.balanceMicros).toBe(10_000_000);
});

it('names what fails again and exits with 1', { timeout: 120_000 }, async () => {
  await keep('evt_3', 'refund.created', {
    id: 're_1',
    amount: 100,
    currency: 'usd',
    payment_intent: 'pi_unknown',
  });
  const failed = await replay('--event', 'evt_3');
  expect(failed).toMatchObject({ code: 1, out: '1 failed' });
  expect(failed.errors).toContain('stripe evt_3 (refund.created): stripe has to be asked');
  // Somebody found out whose payment it is.
  await opened.database
    .insert(schema.paymentReferences)
    .values({ provider: 'stripe', reference: 'pi_unknown', intentId: INTENT });
  expect(await replay('--event', 'evt_3')).toMatchObject({ code: 0, out: '1 applied' });
});

it('refuses options that it does not know', { timeout: 60_000 }, async () => {
  expect(await replay('--provider', 'paypal')).toMatchObject({ code: 2 });
});
