/** Renting: what is shown, what is agreed, what is paid, and who may use what was rented. */
import { auditLedger, readBalances } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectScriptedHost, type ScriptedHost } from '../resources/scripted-host.ts';
import type { Answer } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { DAY_MS, rentalStage, type RentalStage, type Renter } from './rental-stage.ts';
import { newId, signIn } from './wallet-stage.ts';

let stage: RentalStage;
let host: ScriptedHost;
let release: () => Promise<void>;
beforeAll(async () => {
  const temporary = await temporaryStack({ withDaemon: false });
  release = temporary.release;
  stage = await rentalStage(temporary.stack);
  host = await connectScriptedHost(temporary.stack);
}, 120_000);
afterAll(async () => {
  await host?.disconnect();
  await release?.();
});

interface Rental {
  readonly id: string;
  readonly rental_end: string;
  readonly status: string;
  readonly amount?: string;
}
type Rented = { rental: Rental; transaction?: { id: string; amount: number } };

const rent = (who: Renter, serverId: string, body: object, headers: Record<string, string> = {}) =>
  who.api.call<Rented>('POST', `/servers/${serverId}/rent`, body, { headers });
const extend = (who: Renter, rentalId: string, body: object) =>
  who.api.call<Rented>('POST', `/rentals/${rentalId}/extend`, body);
const centsOf = async (who: Renter) => (await readBalances(stage.database, who.id)).generalMicros / 10_000;
const refused = ({ status, body }: Answer<unknown>) => [status, body.code];
const WEEK = { rental_days: 7, max_charge_cents: 500 };

describe('the market', () => {
  const browse = async (who: Renter, query = '') =>
    (await who.api.expect<{ id: string }[]>(200, 'GET', `/servers/available${query}`)).body.data;

  it('shows what can be rented, with its prices and what its host says of itself', async () => {
    const who = await stage.newRenter();
    const local = (await browse(who)).find(({ id }) => id === stage.stack.bootstrap.server_id);
    expect(local).toMatchObject({
      name: 'node-local',
      pricing: {
        prices: { 1: '1.00', 7: '5.00', 30: '15.00' },
        price_tiers: { 30: { total_cents: 1500, per_day_cents: 50 } },
        setup_fee: '0.00',
        metering: null,
      },
      specs: { cpu: { cores: 4 }, ram: { capacity_gb: 8 } },
      slots: { total: 5, free: 5 },
      delivery_hours: 0,
    });
  });

  it('is filtered by every word of a query, lists with commas included', async () => {
    const who = await stage.newRenter();
    const id = await stage.newServer({
      specsJson: JSON.stringify({
        cpuCores: 64,
        ramType: 'ECC DDR5',
        disks: [{ type: 'SAS', capacityGb: 9000, count: 2 }],
      }),
    });
    const wanted =
      '?min_cpu_cores=64&ram_types=DDR4,ECC%20DDR5&disk_types=SAS&available_durations=2,30&country=testland';
    expect((await browse(who, wanted)).map((server) => server.id)).toEqual([id]);
    expect(await browse(who, `${wanted}&min_total_storage_gb=18001`)).toEqual([]);
    expect(await browse(who, `${wanted}&featured_only=true`)).toEqual([]);
    for (const bad of ['?ram_types=DDR9', '?min_ram_gb=many', '?category=other', '?featured_only=perhaps']) {
      expect(refused(await who.api.call('GET', `/servers/available${bad}`))).toEqual([
        400,
        'VALIDATION_ERROR',
      ]);
    }
  });

  it('does not show what is taken, unlisted or not connected', async () => {
    const [who, tenant] = [await stage.newRenter(), await stage.newRenter(500)];
    const taken = await stage.newServer();
    const unlisted = await stage.newServer({ isListed: false });
    expect((await rent(tenant, taken, WEEK)).status).toBe(201);
    const shown = (await browse(who)).map(({ id }) => id);
    expect(shown).not.toContain(taken);
    expect(shown).not.toContain(unlisted);
    expect(refused(await rent(who, unlisted, WEEK))).toEqual([409, 'SERVER_UNAVAILABLE']);
    expect(refused(await rent(who, taken, WEEK))).toEqual([409, 'SERVER_UNAVAILABLE']);
  });
});

describe('renting', () => {
  it('pays, lets the renter in, and tells what was agreed', async () => {
    const who = await stage.newRenter(600);
    const serverId = stage.stack.bootstrap.server_id;
    const container = { server_id: serverId, hoody_kit: false, ramdisk: false };
    const create = () => who.api.call('POST', `/projects/${who.projectId}/containers`, container);
    expect((await create()).status).toBe(404);

    const { status, body } = await rent(who, serverId, WEEK);
    expect([status, body.data]).toMatchObject([
      201,
      {
        rental: {
          server_id: serverId,
          status: 'active',
          hold_days: 7,
          setup_fee_cents: 0,
          total_paid_cents: 500,
          renewal_pricing_frozen: { 1: 100, 7: 500, 30: 1500 },
        },
        transaction: { amount: 5, currency: 'USD' },
      },
    ]);
    expect(await centsOf(who)).toBe(100);
    const { id } = body.data.rental;
    for (const path of [`/rentals/${id}`, `/servers/${id}`, `/servers/${serverId}`]) {
      const one = await who.api.expect(200, 'GET', path);
      expect(one.body.data).toMatchObject({
        id,
        amount: '5.00',
        remaining_days: 7,
        usage_days: 0,
        is_free_tier: false,
        transaction: { amount: 5 },
        server: { id: serverId, name: 'node-local' },
      });
    }
    for (const path of ['/rentals', '/servers']) {
      const list = await who.api.expect<{ id: string }[]>(200, 'GET', path);
      expect(list.body.data.map((rental) => rental.id)).toEqual([id]);
    }
    const transactions = await who.api.expect<{ transactions: object[] }>(200, 'GET', '/wallet/transactions');
    expect(transactions.body.data.transactions).toMatchObject([
      { transaction_type: 'debit', amount: 5, reason: 'node-local for 7 days' },
      {},
    ]);
    expect((await create()).status).toBe(201);
    expect((await stage.eventsOf(who.id))[0]).toMatchObject({
      eventType: 'server.rented',
      payload: { rental_id: id, server_id: serverId, rental_days: 7 },
    });
  });

  it.each([
    ['a term that has no price', { rental_days: 8, max_charge_cents: 9999 }, 400, 'INVALID_DURATION'],
    ['no ceiling', { rental_days: 7 }, 409, 'SETUP_FEE_CONFIRMATION_REQUIRED'],
    ['a ceiling below', { rental_days: 7, max_charge_cents: 749 }, 409, 'CHARGE_EXCEEDS_MAX'],
    ['an empty purse', { rental_days: 7, max_charge_cents: 750 }, 400, 'INSUFFICIENT_BALANCE'],
    ['no days', { max_charge_cents: 750 }, 400, 'VALIDATION_ERROR'],
    ['a half day', { rental_days: 0.5, max_charge_cents: 750 }, 400, 'VALIDATION_ERROR'],
    ['a negative ceiling', { rental_days: 7, max_charge_cents: -1 }, 400, 'VALIDATION_ERROR'],
    ['an unknown field', { rental_days: 7, max_charge_cents: 750, price: 1 }, 400, 'VALIDATION_ERROR'],
    ['a pool that is not there', { ...WEEK, pool_id: 'a'.repeat(24) }, 404, 'RESOURCE_NOT_FOUND'],
  ])('with %s changes nothing', async (_, body, status, code) => {
    const who = await stage.newRenter(749);
    const serverId = await stage.newServer({ setupFeeCents: 250 });
    expect(refused(await rent(who, serverId, body))).toEqual([status, code]);
    expect(await centsOf(who)).toBe(749);
    expect((await who.api.expect(200, 'GET', '/rentals')).body.data).toEqual([]);
  });

  it('refuses what has no price, or none that makes sense, by name', async () => {
    const who = await stage.newRenter(1000);
    const free = await stage.newServer({ pricesJson: '{}' });
    const broken = await stage.newServer({ pricesJson: '{"7": "five"}' });
    expect(refused(await rent(who, free, WEEK))).toEqual([400, 'NO_PRICING']);
    expect(refused(await rent(who, broken, WEEK))).toEqual([500, 'PRICING_INVALID']);
    expect(refused(await rent(who, newId(), WEEK))).toEqual([404, 'RESOURCE_NOT_FOUND']);
    expect(refused(await rent(who, 'x', WEEK))).toEqual([400, 'INVALID_ID_FORMAT']);
  });

  it('tells in cents what lacks', async () => {
    const who = await stage.newRenter(100);
    const serverId = await stage.newServer({ setupFeeCents: 250 });
    const { body } = await rent(who, serverId, { rental_days: 7, max_charge_cents: 1000 });
    expect(body.data).toEqual({
      rental_cents: 500,
      setup_fee_cents: 250,
      total_cents: 750,
      required_cents: 750,
      available_cents: 100,
      shortfall_cents: 650,
    });
  });

  it('needs no ceiling where there is nothing to pay', async () => {
    const who = await stage.newRenter();
    const serverId = await stage.newServer({ pricesJson: '{"7": 0}' });
    const { status, body } = await rent(who, serverId, { rental_days: 7 });
    expect(status).toBe(201);
    expect(body.data.transaction).toBeUndefined();
  });

  it('a second time is refused; the same request again is not', async () => {
    const who = await stage.newRenter(2000);
    const serverId = await stage.newServer({ slots: 3 });
    const key = { 'idempotency-key': newId() };
    const first = await rent(who, serverId, WEEK, key);
    const again = await rent(who, serverId, WEEK, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body.data.rental.id).toBe(first.body.data.rental.id);
    expect(refused(await rent(who, serverId, WEEK))).toEqual([409, 'SERVER_UNAVAILABLE']);
    expect(await centsOf(who)).toBe(1500);
  });
});

describe('fifty at once', () => {
  it('of fifty renters one gets the server, and nobody else pays', { timeout: 120_000 }, async () => {
    const renters = await Promise.all(Array.from({ length: 50 }, () => stage.newRenter(500)));
    const serverId = await stage.newServer();
    const answers = await Promise.all(renters.map((who) => rent(who, serverId, WEEK)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'SERVER_UNAVAILABLE')).toHaveLength(49);
    const left = await Promise.all(renters.map(centsOf));
    expect(left.reduce((sum, cents) => sum + cents, 0)).toBe(49 * 500);
    expect(await auditLedger(stage.database)).toEqual([]);
  });

  it('one renter who asks fifty times rents once and pays once', { timeout: 120_000 }, async () => {
    const who = await stage.newRenter(50_000);
    const serverId = await stage.newServer({ slots: 50 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => rent(who, serverId, WEEK)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await centsOf(who)).toBe(49_500);
  });

  it('of fifty extensions one is applied and paid', { timeout: 120_000 }, async () => {
    const who = await stage.newRenter(50_000);
    const { body } = await rent(who, await stage.newServer(), WEEK);
    const { id, rental_end: end } = body.data.rental;
    const more = { expected_rental_end: end, additional_days: 7 };
    const answers = await Promise.all(Array.from({ length: 50 }, () => extend(who, id, more)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body: { code } }) => code === 'EXTENSION_ALREADY_APPLIED')).toHaveLength(49);
    expect(await centsOf(who)).toBe(49_000);
  });
});

describe('extending', () => {
  it('adds days at the frozen price, or at the lower one of now', async () => {
    const who = await stage.newRenter(10_000);
    const serverId = await stage.newServer();
    const rental = (await rent(who, serverId, WEEK)).body.data.rental;
    const change = (prices: object) =>
      stage.database.run(
        `update market_listings set prices_json = '${JSON.stringify(prices)}' where server_id = '${serverId}'`,
      );

    await change({ 7: 9900 });
    const dear = await extend(who, rental.id, { expected_rental_end: rental.rental_end, additional_days: 7 });
    expect(dear.body.data).toMatchObject({
      rental: { amount: '10.00', remaining_days: 14 },
      transaction: { amount: 5 },
    });
    await change({ 7: 200, 90: 2000 });
    const end = dear.body.data.rental.rental_end;
    expect(Date.parse(end) - Date.parse(rental.rental_end)).toBe(7 * DAY_MS);
    const cheap = await extend(who, rental.id, {
      expected_rental_end: end,
      additional_days: 7,
      max_charge_cents: 200,
    });
    expect(cheap.body.data).toMatchObject({ rental: { amount: '12.00' }, transaction: { amount: 2 } });

    const last = { expected_rental_end: cheap.body.data.rental.rental_end };
    expect(refused(await extend(who, rental.id, { ...last, additional_days: 90 }))).toEqual([
      409,
      'CHARGE_CONFIRMATION_REQUIRED',
    ]);
    expect(
      refused(await extend(who, rental.id, { ...last, additional_days: 90, max_charge_cents: 1999 })),
    ).toEqual([409, 'CHARGE_EXCEEDS_MAX']);
    expect(refused(await extend(who, rental.id, { ...last, additional_days: 2 }))).toEqual([
      400,
      'INVALID_DURATION',
    ]);
    expect(refused(await extend(who, rental.id, { expected_rental_end: end, additional_days: 7 }))).toEqual([
      409,
      'EXTENSION_ALREADY_APPLIED',
    ]);
    expect(
      refused(await extend(who, rental.id, { expected_rental_end: 'soon', additional_days: 7 })),
    ).toEqual([400, 'VALIDATION_ERROR']);
    expect(await centsOf(who)).toBe(10_000 - 500 - 500 - 200);
  });

  it('without enough money changes nothing', async () => {
    const who = await stage.newRenter(500);
    const rental = (await rent(who, await stage.newServer(), WEEK)).body.data.rental;
    const answer = await extend(who, rental.id, {
      expected_rental_end: rental.rental_end,
      additional_days: 7,
    });
    expect(refused(answer)).toEqual([400, 'INSUFFICIENT_BALANCE']);
    const { body } = await who.api.expect<Rental>(200, 'GET', `/rentals/${rental.id}`);
    expect(body.data.rental_end).toBe(rental.rental_end);
  });
});

describe('who sees what', () => {
  it('a token without financial.billing.read sees the rental but not what it cost', async () => {
    const who = await stage.newRenter(500);
    const { id } = (await rent(who, await stage.newServer(), WEEK)).body.data.rental;
    const plain = await stage.withToken(who, []);
    const clerk = await stage.withToken(who, ['financial.billing.read']);
    const seen = (await plain.expect(200, 'GET', `/rentals/${id}`)).body.data;
    expect(Object.keys(seen)).toContain('rental_end');
    for (const field of [
      'amount',
      'setup_fee_cents',
      'total_paid_cents',
      'renewal_pricing_frozen',
      'transaction',
    ]) {
      expect(Object.keys(seen)).not.toContain(field);
    }
    expect((await clerk.expect(200, 'GET', `/rentals/${id}`)).body.data).toMatchObject({ amount: '5.00' });
  });

  it('what is rented in a realm is seen there and on the base host only', async () => {
    const who = await stage.newRenter(500);
    const [realm, other] = ['a1'.repeat(12), 'b2'.repeat(12)];
    const serverId = await stage.newServer();
    const { body } = await who.api.expect<Rented>(201, 'POST', `/servers/${serverId}/rent`, WEEK, { realm });
    const path = `/rentals/${body.data.rental.id}`;
    await who.api.expect(200, 'GET', path);
    await who.api.expect(200, 'GET', path, undefined, { realm });
    await who.api.expect(404, 'GET', path, undefined, { realm: other });
    const realms = await who.api.expect(200, 'GET', '/realms/?include_usage=true');
    expect(JSON.stringify(realms.body)).toContain(realm);
    expect((await who.api.expect(200, 'GET', '/rentals', undefined, { realm: other })).body.data).toEqual([]);
  });

  it('what was given costs nothing and does not end', async () => {
    const { server_id: serverId } = stage.stack.bootstrap;
    const { api } = await signIn(stage.stack, 0);
    const given = await api.expect(200, 'GET', `/servers/${serverId}`);
    expect(given.body.data).toMatchObject({
      server_id: serverId,
      is_free_tier: true,
      amount: '0.00',
      status: 'active',
    });
    expect(given.body.data).not.toHaveProperty('rental_end');
  });
});
