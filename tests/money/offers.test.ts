/** Ordering servers that are delivered later: paid at once, once, and paid back when nothing comes. */
import { auditLedger, readBalances, schema } from '@control-plane/database';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fulfilOrder, MarketError, offerServers, refundOrder } from '../../scripts/market/market-commands.ts';
import type { Answer } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { rentalStage, type RentalStage, type Renter } from './rental-stage.ts';
import { newId } from './wallet-stage.ts';

let stage: RentalStage;
let release: () => Promise<void>;
beforeAll(async () => {
  const temporary = await temporaryStack({ withDaemon: false });
  release = temporary.release;
  stage = await rentalStage(temporary.stack);
}, 120_000);
afterAll(() => release?.());

const OFFER = {
  name: 'Big one',
  country: 'Testland',
  specs: {
    cpuModel: 'Test',
    cpuCores: 32,
    ramGb: 128,
    disks: [{ type: 'NVMe', capacityGb: 1000, count: 2 }],
  },
  prices_cents: { 7: 2000, 30: 6000 },
  setup_fee_cents: 500,
  setup_fee_rules_cents: { 30: 0 },
  hold_rules: { 30: 14 },
  delivery_hours: 48,
};

async function newOffer(more: object = {}): Promise<string> {
  const id = newId();
  await offerServers(stage.database, id, JSON.stringify({ ...OFFER, ...more }), Date.now());
  return id;
}

interface Reservation {
  readonly id: string;
  readonly state: string;
  readonly server_id: string | null;
  readonly rental_id: string | null;
}
type Made = { reservation: Reservation; replayed: boolean };

const reserve = (who: Renter, offerId: string, body: object) =>
  who.api.call<Made>('POST', `/offers/${offerId}/reserve`, body);
const MONTH = { days: 30, max_charge_cents: 6000 };
const refused = ({ status, body }: Answer<unknown>) => [status, body.code];
const centsOf = async (who: Renter) => (await readBalances(stage.database, who.id)).generalMicros / 10_000;
const look = async (who: Renter, id: string) =>
  (await who.api.expect<Reservation>(200, 'GET', `/reservations/${id}`)).body.data;

describe('offers', () => {
  it('are shown with their rules, unless withdrawn or sold out', async () => {
    const who = await stage.newRenter();
    const shown = await newOffer({ stock: 1 });
    const hidden = [await newOffer({ active: false }), await newOffer({ stock: 0 })];
    const { body } = await who.api.expect<{ id: string }[]>(200, 'GET', '/offers');
    expect(body.data.find(({ id }) => id === shown)).toMatchObject({
      name: 'Big one',
      cpu_cores: 32,
      disks: [{ type: 'NVMe', capacity_gb: 1000, count: 2 }],
      pricing_rules: { 7: 2000, 30: 6000 },
      hold_rules: { 30: 14 },
      setup_fee_rules: { 30: 0 },
      delivery_hours: 48,
      stock: 1,
    });
    expect(body.data.filter(({ id }) => hidden.includes(id))).toEqual([]);
  });

  it.each([
    ['a delivery after a month', { delivery_hours: 721 }],
    ['no prices', { prices_cents: {} }],
    ['a price with a fraction', { prices_cents: { 7: 1.5 } }],
    ['an unknown field', { price: 1 }],
    ['an unknown disk', { specs: { disks: [{ type: 'Tape', capacityGb: 1, count: 1 }] } }],
  ])('with %s can not be made', async (_, more) => {
    await expect(newOffer(more)).rejects.toBeInstanceOf(MarketError);
  });
});

describe('an order', () => {
  it('is paid at once and promises a time', async () => {
    const who = await stage.newRenter(10_000);
    const before = Date.now();
    const { status, body } = await reserve(who, await newOffer(), { ...MONTH, idempotency_key: 'k' });
    expect([status, body.data]).toMatchObject([
      200,
      {
        replayed: false,
        reservation: {
          state: 'pending',
          days: 30,
          rental_cents: 6000,
          setup_fee_cents: 0,
          total_paid_cents: 6000,
          hold_days_quoted: 14,
          delivery_hours_quoted: 48,
          server_id: null,
          rental_id: null,
          offer_snapshot: { name: 'Big one', pricing_rules: { 30: 6000 } },
        },
      },
    ]);
    const readyBy = Date.parse(String(Reflect.get(body.data.reservation, 'ready_by')));
    expect(readyBy).toBeGreaterThanOrEqual(before + 48 * 3_600_000);
    expect(await centsOf(who)).toBe(4000);
    const list = await who.api.expect(200, 'GET', '/reservations?limit=1&offset=0');
    expect(list.body).toMatchObject({
      total: 1,
      limit: 1,
      offset: 0,
      data: [{ id: body.data.reservation.id }],
    });
    const token = await stage.withToken(who, ['financial.server_rental.rent_servers']);
    const plain = await token.expect(200, 'GET', `/reservations/${body.data.reservation.id}`);
    expect(plain.body.data).not.toHaveProperty('total_paid_cents');
  });

  it.each([
    ['no key', MONTH, 400, 'VALIDATION_ERROR'],
    ['an empty key', { ...MONTH, idempotency_key: '' }, 400, 'VALIDATION_ERROR'],
    ['a term that has no price', { ...MONTH, days: 31, idempotency_key: 'k' }, 400, 'INVALID_DURATION'],
    ['no ceiling', { days: 30, idempotency_key: 'k' }, 409, 'CHARGE_CONFIRMATION_REQUIRED'],
    ['no ceiling and a setup fee', { days: 7, idempotency_key: 'k' }, 409, 'SETUP_FEE_CONFIRMATION_REQUIRED'],
    [
      'a ceiling below',
      { ...MONTH, max_charge_cents: 5999, idempotency_key: 'k' },
      409,
      'CHARGE_EXCEEDS_MAX',
    ],
    ['an empty purse', { ...MONTH, idempotency_key: 'k' }, 400, 'INSUFFICIENT_BALANCE'],
  ])('with %s changes nothing', async (_, body, status, code) => {
    const who = await stage.newRenter(5999);
    const offer = await newOffer({ stock: 1 });
    expect(refused(await reserve(who, offer, body))).toEqual([status, code]);
    expect(await centsOf(who)).toBe(5999);
    expect((await who.api.expect(200, 'GET', '/reservations')).body).toMatchObject({ total: 0 });
    const [left] = await stage.database
      .select()
      .from(schema.serverOffers)
      .where(eq(schema.serverOffers.id, offer));
    expect(left?.stock).toBe(1);
  });

  it('with a key that was used is the same order, or a conflict on other terms', async () => {
    const who = await stage.newRenter(20_000);
    const offer = await newOffer();
    const body = { ...MONTH, idempotency_key: 'once' };
    const first = await reserve(who, offer, body);
    const again = await reserve(who, offer, body);
    expect(again.body.data).toMatchObject({
      replayed: true,
      reservation: { id: first.body.data.reservation.id },
    });
    expect(refused(await reserve(who, offer, { ...body, days: 7 }))).toEqual([
      409,
      'IDEMPOTENCY_INTENT_MISMATCH',
    ]);
    expect(refused(await reserve(who, await newOffer(), body))).toEqual([409, 'IDEMPOTENCY_INTENT_MISMATCH']);
    expect(await centsOf(who)).toBe(14_000);
  });

  it('made twenty times at once with one key is made and paid once', { timeout: 60_000 }, async () => {
    const who = await stage.newRenter(200_000);
    const offer = await newOffer();
    const body = { ...MONTH, idempotency_key: 'twenty' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => reserve(who, offer, body)));
    expect(new Set(answers.map((answer) => answer.body.data.reservation.id)).size).toBe(1);
    expect(answers.filter((answer) => !answer.body.data.replayed)).toHaveLength(1);
    expect(await centsOf(who)).toBe(194_000);
  });

  it('of the last one in stock is made by one of many', { timeout: 60_000 }, async () => {
    const renters = await Promise.all(Array.from({ length: 10 }, () => stage.newRenter(6000)));
    const offer = await newOffer({ stock: 1 });
    const answers = await Promise.all(
      renters.map((who) => reserve(who, offer, { ...MONTH, idempotency_key: 'k' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    const left = await Promise.all(renters.map(centsOf));
    expect(left.reduce((sum, cents) => sum + cents, 0)).toBe(9 * 6000);
    expect(await auditLedger(stage.database)).toEqual([]);
  });
});

describe('delivery', () => {
  it('turns the order into a rental, once', async () => {
    const who = await stage.newRenter(6000);
    const made = await reserve(who, await newOffer(), { ...MONTH, idempotency_key: 'k' });
    const { id } = made.body.data.reservation;
    const server = await stage.newServer({ isListed: false });
    await fulfilOrder(stage.database, id, server, Date.now());
    const order = await look(who, id);
    expect(order).toMatchObject({ state: 'fulfilled', server_id: server });
    const { body } = await who.api.expect(200, 'GET', `/rentals/${order.rental_id}`);
    expect(body.data).toMatchObject({
      server_id: server,
      status: 'active',
      remaining_days: 30,
      hold_days: 14,
      amount: '60.00',
      renewal_pricing_frozen: { 7: 2000, 30: 6000 },
      transaction: { amount: 60 },
    });
    const other = await stage.newServer();
    await expect(fulfilOrder(stage.database, id, other, Date.now())).rejects.toThrow('fulfilled already');
    await expect(refundOrder(stage.database, id, Date.now())).rejects.toThrow('fulfilled already');
    expect((await who.api.expect<object[]>(200, 'GET', '/rentals')).body.data).toHaveLength(1);
  });

  it('on a server that is taken leaves the order as it was', async () => {
    const [who, tenant] = [await stage.newRenter(6000), await stage.newRenter(500)];
    const made = await reserve(who, await newOffer(), { ...MONTH, idempotency_key: 'k' });
    const { id } = made.body.data.reservation;
    const taken = await stage.newServer();
    await tenant.api.expect(201, 'POST', `/servers/${taken}/rent`, { rental_days: 7, max_charge_cents: 500 });
    await expect(fulfilOrder(stage.database, id, taken, Date.now())).rejects.toThrow('no place left');
    expect((await look(who, id)).state).toBe('pending');
  });

  it('that is long overdue is paid back, and the place in stock is free again', async () => {
    const who = await stage.newRenter(6000);
    const offer = await newOffer({ stock: 1 });
    const made = await reserve(who, offer, { ...MONTH, idempotency_key: 'k' });
    const { id } = made.body.data.reservation;
    await stage.stack.runScheduled();
    expect((await look(who, id)).state).toBe('pending');
    await stage.database.run(
      sql`update offer_reservations set ready_by = ${Date.now() - 73 * 3_600_000} where id = ${id}`,
    );
    await stage.stack.runScheduled();
    await stage.stack.runScheduled();
    expect((await look(who, id)).state).toBe('refunded');
    expect(await centsOf(who)).toBe(6000);
    const [left] = await stage.database
      .select()
      .from(schema.serverOffers)
      .where(eq(schema.serverOffers.id, offer));
    expect(left?.stock).toBe(1);
    await expect(refundOrder(stage.database, id, Date.now())).rejects.toThrow('refunded already');
    expect(await auditLedger(stage.database)).toEqual([]);
  });
});
