/** Servers that are paid by use: what containers did is posted hour by hour, once, and never beyond the balance. */
import { auditLedger, readBalances, schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectScriptedHost, type ScriptedHost } from '../resources/scripted-host.ts';
import { eventually, type Answer, type Container } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { rentalStage, type RentalStage, type Renter } from './rental-stage.ts';
import { fund, newId } from './wallet-stage.ts';

const HOUR_MS = 3_600_000;
/** A cent for each hour of computing, half of one for memory, a tenth for storage. */
const RATES = { computeMicrosPerHour: 10_000, memoryMicrosPerHour: 5000, storageMicrosPerHour: 1000 };

let stage: RentalStage;
let host: ScriptedHost;
let release: () => Promise<void>;
let serverId: string;
beforeAll(async () => {
  const temporary = await temporaryStack({ withDaemon: false });
  release = temporary.release;
  stage = await rentalStage(temporary.stack);
  host = await connectScriptedHost(temporary.stack);
  serverId = temporary.stack.bootstrap.server_id;
  await stage.database
    .update(schema.marketListings)
    .set({ meteringJson: JSON.stringify(RATES), pricesJson: '{"30": 0}', slots: 50 })
    .where(eq(schema.marketListings.serverId, serverId));
}, 120_000);
afterAll(async () => {
  await host?.disconnect();
  await release?.();
});

/** The beginning of the hour that is `hours` whole hours before the last one whose histories have settled. */
function hoursAgo(hours: number): number {
  return Math.floor((Date.now() - 5 * 60_000) / HOUR_MS) * HOUR_MS - hours * HOUR_MS;
}

interface Metered {
  readonly who: Renter;
  readonly rentalId: string;
  readonly container: Container;
}

/** A renter whose rental began `hours` whole hours ago, and whose container did then what `story` tells. */
async function meter(
  cents: number,
  hours: number,
  story: readonly (readonly [number, string])[],
): Promise<Metered> {
  const who = await stage.newRenter(cents);
  const rented = await who.api.expect<{ rental: { id: string } }>(201, 'POST', `/servers/${serverId}/rent`, {
    rental_days: 30,
  });
  const rentalId = rented.body.data.rental.id;
  const made = await who.api.expect<Container>(201, 'POST', `/projects/${who.projectId}/containers`, {
    server_id: serverId,
    hoody_kit: false,
    ramdisk: false,
  });
  const { id } = made.body.data;
  const { database } = stage;
  // Its own history is there; it is replaced by one that lies in the past.
  await eventually('the history is projected', async () => {
    const rows = await database.select().from(schema.statusLogs).where(eq(schema.statusLogs.containerId, id));
    return rows.some(({ toStatus }) => toStatus === 'running') ? true : undefined;
  });
  await database.delete(schema.statusLogs).where(eq(schema.statusLogs.containerId, id));
  await database.insert(schema.statusLogs).values(
    story.map(([atHour, toStatus], index) => ({
      containerId: id,
      sequence: index + 1,
      id: newId(),
      toStatus,
      triggeredBy: 'user',
      transitionTime: Math.round(hoursAgo(hours) + atHour * HOUR_MS),
      createdAt: Date.now(),
    })),
  );
  await database
    .update(schema.rentals)
    .set({ startsAt: hoursAgo(hours), meteredUntil: hoursAgo(hours) })
    .where(eq(schema.rentals.id, rentalId));
  return { who, rentalId, container: await who.api.get(id) };
}
const microsOf = async (who: Renter) => (await readBalances(stage.database, who.id)).generalMicros;
const rentalRow = async (rentalId: string) =>
  (await stage.database.select().from(schema.rentals).where(eq(schema.rentals.id, rentalId)))[0];
const usageOf = async (who: Renter, path: string) =>
  (
    await who.api.expect<{ total: Record<string, number>; intervals: object[]; containers: object[] }>(
      200,
      'GET',
      path,
    )
  ).body.data;
const refused = ({ status, body }: Answer<unknown>) => [status, body.code];

it('counts running, paused and stopped time as what each costs, and failed time as nothing', async () => {
  const { who, container, rentalId } = await meter(1000, 4, [
    [0, 'creating'],
    [0, 'running'],
    [1.5, 'paused'],
    [2, 'stopped'],
    [3, 'failed'],
  ]);
  await stage.stack.runScheduled();
  const used = await usageOf(who, `/containers/${container.id}/usage`);
  expect(used.total).toEqual({
    compute_ms: 1.5 * HOUR_MS,
    memory_ms: 2 * HOUR_MS,
    storage_ms: 3 * HOUR_MS,
    cost_micros: 15_000 + 10_000 + 3000,
  });
  expect(used.intervals).toMatchObject([
    { compute_ms: 0, memory_ms: 0, storage_ms: HOUR_MS, cost_micros: 1000, rental_id: rentalId },
    { compute_ms: HOUR_MS / 2, memory_ms: HOUR_MS, storage_ms: HOUR_MS, cost_micros: 11_000 },
    { compute_ms: HOUR_MS, memory_ms: HOUR_MS, storage_ms: HOUR_MS, cost_micros: 16_000 },
  ]);
  const project = await usageOf(who, `/projects/${who.projectId}/usage`);
  expect(project.total).toEqual(used.total);
  expect(project.containers).toMatchObject([{ container_id: container.id, cost_micros: 28_000 }]);
  // 2.8 cents: two are charged, the rest is carried to the next hour.
  expect(await microsOf(who)).toBe(10_000_000 - 20_000);
  expect((await rentalRow(rentalId))?.carriedUnits).toBe(8000 * HOUR_MS);
});

it('posts and charges each hour once, however many runs there are at once', { timeout: 60_000 }, async () => {
  const { who, container, rentalId } = await meter(10_000, 10, [[0, 'running']]);
  await Promise.all(Array.from({ length: 8 }, () => stage.stack.runScheduled()));
  await stage.stack.runScheduled();
  const used = await usageOf(who, `/containers/${container.id}/usage`);
  expect(used.intervals).toHaveLength(10);
  expect(used.total['cost_micros']).toBe(160_000);
  expect(await microsOf(who)).toBe(100_000_000 - 160_000);
  expect(await rentalRow(rentalId)).toMatchObject({
    dueCents: 0,
    carriedUnits: 0,
    meteredUntil: hoursAgo(0),
  });
  expect(await auditLedger(stage.database)).toEqual([]);
});

it(
  'what the balance does not cover stays due; nothing is started until it is paid',
  { timeout: 60_000 },
  async () => {
    const { who, container, rentalId } = await meter(5, 10, [[0, 'running']]);
    await stage.stack.runScheduled();
    await stage.stack.runScheduled();
    expect(await microsOf(who)).toBe(50_000);
    expect((await rentalRow(rentalId))?.dueCents).toBe(16);
    const unpaid = (await stage.eventsOf(who.id)).filter(
      ({ eventType }) => eventType === 'server.usage_unpaid',
    );
    expect(unpaid).toMatchObject([{ payload: { due_cents: 16, rental_id: rentalId } }]);
    expect(await who.api.get(container.id)).toMatchObject({
      status: 'running',
      warnings: [{ type: 'usage_unpaid' }],
    });
    const denied = [403, 'CONTAINER_ACCESS_SUSPENDED'];
    expect(refused(await who.api.call('POST', `/containers/${container.id}/restart`))).toEqual(denied);
    const another = { server_id: serverId, hoody_kit: false, ramdisk: false };
    expect(refused(await who.api.call('POST', `/projects/${who.projectId}/containers`, another))).toEqual(
      denied,
    );

    // An hour later it is stopped.
    const anHourAgo = Date.now() - HOUR_MS - 1000;
    await stage.database
      .update(schema.serverGrants)
      .set({ suspendedAt: anHourAgo })
      .where(eq(schema.serverGrants.rentalId, rentalId));
    await eventually('the container is stopped', async () => {
      await stage.stack.runScheduled();
      return (await who.api.get(container.id)).status === 'stopped' ? true : undefined;
    });
    expect(refused(await who.api.call('POST', `/containers/${container.id}/start`))).toEqual(denied);

    await fund(stage.database, who.id, 100);
    await stage.stack.runScheduled();
    expect(await microsOf(who)).toBe(50_000 + 1_000_000 - 160_000);
    expect((await stage.eventsOf(who.id)).map(({ eventType }) => eventType)).toContain('server.usage_paid');
    await who.api.expect(200, 'POST', `/containers/${container.id}/start`);
    expect(await auditLedger(stage.database)).toEqual([]);
  },
);

it('nothing is metered on a server at a flat rate, nor after a rental has ended', async () => {
  const { who, rentalId, container } = await meter(1000, 5, [[0, 'running']]);
  await stage.database
    .update(schema.rentals)
    .set({ endsAt: hoursAgo(3) })
    .where(eq(schema.rentals.id, rentalId));
  await stage.stack.runScheduled();
  expect((await usageOf(who, `/containers/${container.id}/usage`)).intervals).toHaveLength(2);

  const flat = await meter(1000, 5, [[0, 'running']]);
  await stage.database
    .update(schema.rentals)
    .set({ meteringJson: null })
    .where(eq(schema.rentals.id, flat.rentalId));
  await stage.stack.runScheduled();
  expect((await usageOf(flat.who, `/containers/${flat.container.id}/usage`)).intervals).toEqual([]);
  expect(await microsOf(flat.who)).toBe(10_000_000);
});

it('an extension after the end leaves nothing unpaid of what was used before it', async () => {
  const { who, rentalId, container } = await meter(1000, 5, [[0, 'running']]);
  const end = hoursAgo(3) + HOUR_MS / 2;
  await stage.database.update(schema.rentals).set({ endsAt: end }).where(eq(schema.rentals.id, rentalId));
  await who.api.expect(200, 'POST', `/rentals/${rentalId}/extend`, {
    additional_days: 30,
    expected_rental_end: new Date(end).toISOString(),
  });
  await stage.stack.runScheduled();
  const used = await usageOf(who, `/containers/${container.id}/usage`);
  expect(used.total['compute_ms']).toBe(2.5 * HOUR_MS);
  expect(await microsOf(who)).toBe(10_000_000 - 40_000);
});

it('what an ended rental owes is charged once there is money', async () => {
  const { who, rentalId } = await meter(0, 5, [[0, 'running']]);
  await stage.stack.runScheduled();
  await stage.database
    .update(schema.rentals)
    .set({ endsAt: hoursAgo(0), status: 'ended' })
    .where(eq(schema.rentals.id, rentalId));
  await stage.stack.runScheduled();
  expect((await rentalRow(rentalId))?.dueCents).toBe(8);
  await fund(stage.database, who.id, 10);
  await stage.stack.runScheduled();
  expect(await microsOf(who)).toBe(20_000);
  expect((await rentalRow(rentalId))?.dueCents).toBe(0);
});

it('is shown to those who may see the container, and to tokens that may read bills', async () => {
  const { who, container } = await meter(1000, 1, [[0, 'running']]);
  const stranger = await stage.newRenter();
  await stranger.api.expect(404, 'GET', `/containers/${container.id}/usage`);
  await stranger.api.expect(404, 'GET', `/projects/${who.projectId}/usage`);
  const token = await stage.withToken(who, ['containers.read']);
  await token.expect(403, 'GET', `/containers/${container.id}/usage`);
  for (const bad of ['?hours=0', '?hours=745', '?hours=x']) {
    expect(refused(await who.api.call('GET', `/containers/${container.id}/usage${bad}`))).toEqual([
      400,
      'VALIDATION_ERROR',
    ]);
  }
});
