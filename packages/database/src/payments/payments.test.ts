import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporaryDatabase, type TemporaryDatabase } from '../temporary-database.ts';
import type { Database } from '../client.ts';
import { addUser, freshId, idOf, scopeFor } from '../test-rows.ts';
import { readEventSituation } from './event-situation.ts';
import {
  applyPaymentEvent,
  isPaymentConflict,
  settleForeignEvent,
  type PaymentChange,
} from './payment-events.ts';
import {
  beginPaymentIntent,
  failAbandonedIntents,
  findPaymentIntent,
  listPaymentIntents,
  openPaymentIntent,
} from './payment-intents.ts';
import { addPaymentMethod, listPaymentMethods, updatePaymentMethod } from './payment-methods.ts';
import { keepReceivedEvent, listInbox, noteFailedTry } from './webhook-inbox.ts';

const USER = idOf('a');
const REALM = idOf('c');
let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  await addUser(database, USER);
  await addUser(database, idOf('b'));
});
afterAll(() => temporary.dispose());

const begin = (more: { id?: string; key?: string; cents?: number; realmId?: string } = {}) =>
  beginPaymentIntent(database, scopeFor(USER, more.realmId ?? null), {
    id: more.id ?? freshId(),
    provider: 'stripe',
    amountCents: more.cents ?? 500,
    idempotencyKey: more.key ?? null,
    now: 1000,
  });
const event = (eventId: string) => ({
  provider: 'stripe' as const,
  eventId,
  eventType: 'x',
  body: '{}',
  receivedAt: 1,
});

describe('intents', () => {
  it('are one for each key, and the page that was stored first stays', async () => {
    const first = await begin({ key: 'k' });
    expect((await begin({ key: 'k', cents: 700 })).id).toBe(first.id);
    const opened = { expiresAt: null, references: ['cs_1'], now: 2000 };
    const page = await openPaymentIntent(database, first, { ...opened, redirectUrl: 'https://1' });
    expect(page).toMatchObject({ status: 'pending', redirectUrl: 'https://1' });
    const again = await openPaymentIntent(database, first, { ...opened, redirectUrl: 'https://2' });
    expect(again.redirectUrl).toBe('https://1');
  });

  it('of a realm are seen on its host and the base host, by their owner only', async () => {
    const { id } = await begin({ realmId: REALM });
    const find = (userId: string, realmId: string | null) =>
      findPaymentIntent(database, scopeFor(userId, realmId), 'stripe', id);
    expect(await find(USER, REALM)).not.toBeNull();
    expect(await find(USER, null)).not.toBeNull();
    expect(await find(USER, idOf('d'))).toBeNull();
    expect(await find(idOf('b'), REALM)).toBeNull();
    const page = await listPaymentIntents(database, scopeFor(USER, REALM), 'stripe', { limit: 1, offset: 0 });
    expect(page).toMatchObject({ total: 1, rows: [{ id }] });
  });

  it('whose provider never answered fail after a while', async () => {
    const { id } = await begin();
    await failAbandonedIntents(database, 1000, 5000);
    expect((await findPaymentIntent(database, scopeFor(USER), 'stripe', id))?.status).toBe('creating');
    await failAbandonedIntents(database, 1001, 5000);
    expect((await findPaymentIntent(database, scopeFor(USER), 'stripe', id))?.status).toBe('failed');
    const opened = { redirectUrl: 'https://3', expiresAt: null, references: [], now: 6000 };
    expect(await openPaymentIntent(database, { id, provider: 'stripe' }, opened)).toMatchObject({
      status: 'pending',
    });
  });
});

describe('events', () => {
  const changeAt = (revision: number): PaymentChange => ({
    status: 'completed',
    creditedAt: 1,
    parts: [{ kind: 'receipt', reference: `r${revision}`, stage: 'received', amountCents: 500 }],
    transactions: [],
    revision,
    notice: {
      id: freshId(),
      userId: USER,
      eventType: 'payment.updated',
      resourceType: 'user',
      resourceId: USER,
      payload: {},
      realmIds: [],
      now: 1,
    },
  });
  const write = (references: string[], change: PaymentChange | null) => ({
    subject: references[0] ?? '',
    references,
    change,
    redrivenMax: 10,
    now: 1,
  });

  it('that were decided on the same situation are written once; the other has no effect at all', async () => {
    const intent = await begin();
    const address = { provider: 'stripe' as const, references: ['pi_9'], intentId: intent.id };
    const { revision } = await readEventSituation(database, { ...address, eventId: 'evt_1' });
    await applyPaymentEvent(database, event('evt_1'), intent, write(['pi_9'], changeAt(revision + 1)));
    const late = applyPaymentEvent(
      database,
      event('evt_2'),
      intent,
      write(['pi_10'], changeAt(revision + 1)),
    );
    const error: unknown = await late.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(isPaymentConflict(error)).toBe(true);
    expect(isPaymentConflict(new Error('something else'))).toBe(false);
    const after = await readEventSituation(database, { ...address, eventId: 'evt_2' });
    expect(after).toMatchObject({ outcome: null, revision: revision + 1, intent: { id: intent.id } });
    expect(after.parts.map(({ reference }) => reference)).toStrictEqual([`r${revision + 1}`]);
  });

  it('of one name that are about two payments at once settle one of them', async () => {
    const intent = await begin();
    const other = await beginPaymentIntent(database, scopeFor(idOf('b')), {
      id: freshId(),
      provider: 'stripe',
      amountCents: 500,
      idempotencyKey: null,
      now: 1000,
    });
    const address = { provider: 'stripe' as const, references: [], eventId: 'evt_twice' };
    const [mine, theirs] = [
      await readEventSituation(database, { ...address, intentId: intent.id }),
      await readEventSituation(database, { ...address, intentId: other.id }),
    ];
    const twice = event('evt_twice');
    await applyPaymentEvent(database, twice, intent, write(['one'], changeAt(mine.revision + 1)));
    const second = applyPaymentEvent(database, twice, other, write(['two'], changeAt(theirs.revision + 1)));
    const error: unknown = await second.catch((thrown: unknown) => thrown);
    expect(isPaymentConflict(error)).toBe(true);
    expect((await readEventSituation(database, { ...address, intentId: other.id })).parts).toStrictEqual([]);
  });

  it('that were left waiting for a payment are due once it is known', async () => {
    const due = async () =>
      (await listInbox(database, { state: 'due', limit: 100 })).map(({ eventId }) => eventId);
    await settleForeignEvent(database, event('evt_left'), 'unmatched', 'pi_left', ['pi_left'], 1);
    expect(await due()).not.toContain('evt_left');
    await applyPaymentEvent(database, event('evt_late'), await begin(), write(['pi_left'], null));
    expect(await due()).toContain('evt_left');
  });

  it('that fail again and again come behind those that were not tried since, and may still be settled', async () => {
    const [failing, newer] = [event('evt_failing'), { ...event('evt_newer'), receivedAt: 50 }];
    await keepReceivedEvent(database, failing);
    await keepReceivedEvent(database, newer);
    const turns = async () =>
      (await listInbox(database, { state: 'due', limit: 100 }))
        .map(({ eventId }) => eventId)
        .filter((eventId) => eventId === 'evt_failing' || eventId === 'evt_newer');
    expect(await turns()).toStrictEqual(['evt_failing', 'evt_newer']);
    await noteFailedTry(database, failing, 100);
    expect(await turns()).toStrictEqual(['evt_newer', 'evt_failing']);
    await noteFailedTry(database, newer, 200);
    expect(await turns()).toStrictEqual(['evt_failing', 'evt_newer']);
    await applyPaymentEvent(database, failing, await begin(), write(['pi_failing'], null));
    await noteFailedTry(database, failing, 300);
    expect(await turns()).toStrictEqual(['evt_newer']);
  });

  it('about an unknown payment wait, unless the payment has become known meanwhile', async () => {
    const intent = await begin();
    expect(await settleForeignEvent(database, event('evt_3'), 'unmatched', 'pi_3', ['pi_3'], 1)).toBe(true);
    const waiting = await applyPaymentEvent(database, event('evt_4'), intent, write(['pi_3'], null));
    expect(waiting.map(({ eventId }) => eventId)).toStrictEqual(['evt_3']);
    expect(await settleForeignEvent(database, event('evt_5'), 'unmatched', 'pi_3', ['pi_3'], 1)).toBe(false);
    const found = { provider: 'stripe' as const, references: ['nobody', 'pi_3'], intentId: null };
    const situation = await readEventSituation(database, { ...found, eventId: 'evt_5' });
    expect(situation).toMatchObject({ outcome: null, intent: { id: intent.id } });
  });
});

describe('payment methods', () => {
  const add = (id: string, isDefault: boolean) =>
    addPaymentMethod(database, {
      id,
      userId: USER,
      type: 'crypto',
      name: id,
      detailsJson: '{}',
      isDefault,
      providerMethodId: null,
      createdAt: 1,
    });

  it('have at most one default, and there are at most fifty', async () => {
    const first = await add(freshId(), true);
    const second = await add(freshId(), true);
    const defaults = async () =>
      (await listPaymentMethods(database, USER)).filter((row) => row.isDefault).map(({ id }) => id);
    expect(await defaults()).toStrictEqual([second?.id]);
    await updatePaymentMethod(database, USER, first?.id ?? '', { isDefault: true }, 2);
    expect(await defaults()).toStrictEqual([first?.id]);
    // Somebody else's attempt changes nothing, the default included.
    expect(
      await updatePaymentMethod(database, idOf('b'), second?.id ?? '', { isDefault: true }, 2),
    ).toBeNull();
    expect(await defaults()).toStrictEqual([first?.id]);
    for (let left = 48; left > 0; left -= 1) expect(await add(freshId(), false)).not.toBeNull();
    expect(await add(freshId(), false)).toBeNull();
    expect(await add(first?.id ?? '', false)).toMatchObject({ id: first?.id });
  });
});
