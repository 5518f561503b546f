/** How busy a rented server is: asked of a real host. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer, Container } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { rentalStage, type RentalStage, type Renter } from './rental-stage.ts';

let stage: RentalStage;
let release: () => Promise<void>;
let who: Renter;
let rentalId: string;
beforeAll(async () => {
  const temporary = await temporaryStack();
  release = temporary.release;
  stage = await rentalStage(temporary.stack);
  who = await stage.newRenter(10_000);
  const path = `/servers/${stage.stack.bootstrap.server_id}/rent`;
  const body = { rental_days: 7, max_charge_cents: 500 };
  const rented = await who.api.expect<{ rental: { id: string } }>(201, 'POST', path, body);
  rentalId = rented.body.data.rental.id;
}, 120_000);
afterAll(() => release?.());

const refused = ({ status, body }: Answer<unknown>) => [status, body.code];
const slots = (count: number) =>
  stage.database.run(
    sql`update market_listings set slots = ${count} where server_id = ${stage.stack.bootstrap.server_id}`,
  );

it("a part of a shared server shows the renter's own machines, and nothing of the host", async () => {
  const created = await who.api.expect<Container>(201, 'POST', `/projects/${who.projectId}/containers`, {
    server_id: stage.stack.bootstrap.server_id,
    hoody_kit: false,
    ramdisk: false,
    memory: 0.5,
  });
  const { operation } = created.body.data;
  if (operation !== null) await who.api.outcome(operation.id);
  const { body } = await who.api.expect(200, 'GET', `/rentals/${rentalId}/runtime`);
  expect(body.data).toMatchObject({ scope: 'subserver', health: 'ok', mem: { limit_bytes: 2 ** 29 } });
  expect(Reflect.get(Object(body.data['pids']), 'current')).toBeGreaterThan(0);
  expect(refused(await who.api.call('GET', `/servers/${rentalId}/runtime`))).toEqual([409, 'SERVER_SHARED']);
});

it('a server that is rented alone shows the whole host', async () => {
  await slots(1);
  for (const path of [
    `/rentals/${rentalId}/runtime`,
    `/servers/${stage.stack.bootstrap.server_id}/runtime`,
  ]) {
    const { body } = await who.api.expect(200, 'GET', path);
    expect(body.data).toMatchObject({ scope: 'server', stale: false });
    expect(Reflect.get(body.data, 'uptime_s')).toBeGreaterThan(0);
    expect(Reflect.get(Object(body.data['mem']), 'total_bytes')).toBeGreaterThan(2 ** 28);
  }
});

it('is for sessions only, for the renter only, and for a host that answers', async () => {
  const token = await stage.withToken(who, ['financial.billing.read']);
  expect(refused(await token.call('GET', `/rentals/${rentalId}/runtime`))).toEqual([
    403,
    'INSUFFICIENT_PERMISSIONS',
  ]);
  const stranger = await stage.newRenter();
  expect(refused(await stranger.api.call('GET', `/rentals/${rentalId}/runtime`))).toEqual([
    404,
    'RESOURCE_NOT_FOUND',
  ]);
  await slots(1);
  await stage.stack.killDaemon();
  const answer = await waitForRefusal();
  expect(answer.headers['retry-after']).toBeDefined();
});

/** What was measured a moment ago may still be answered. */
async function waitForRefusal(): Promise<Answer> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await who.api.call('GET', `/rentals/${rentalId}/runtime`);
    if (answer.status === 503) return answer;
    if (performance.now() > deadline) throw new Error(`answered ${answer.status} without a host`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
