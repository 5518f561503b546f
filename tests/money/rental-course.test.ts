/** The course of a rental with a real daemon: warned of, expired, stopped, extended, let go, rented again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, type Answer, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { DAY_MS, rentalStage, type RentalStage, type Renter } from './rental-stage.ts';

let stage: RentalStage;
let release: () => Promise<void>;
let who: Renter;
let rentalId: string;
let container: Container;

const create = () =>
  who.api.call<Container>('POST', `/projects/${who.projectId}/containers`, {
    server_id: stage.stack.bootstrap.server_id,
    hoody_kit: false,
    ramdisk: false,
  });
const rent = async (): Promise<string> => {
  const path = `/servers/${stage.stack.bootstrap.server_id}/rent`;
  const body = { rental_days: 30, max_charge_cents: 1500 };
  const rented = await who.api.expect<{ rental: { id: string } }>(201, 'POST', path, body);
  return rented.body.data.rental.id;
};
const refused = ({ status, body }: Answer<unknown>) => [status, body.code];
const eventsNamed = async (name: string) =>
  (await stage.eventsOf(who.id)).filter(({ eventType }) => eventType === name);
const rentalNow = async () =>
  (await who.api.expect<{ status: string; rental_end: string }>(200, 'GET', `/rentals/${rentalId}`)).body
    .data;

/** The cron, until the container has that status. */
async function untilStatus(status: string): Promise<void> {
  await eventually(
    `the container is ${status}`,
    async () => {
      await stage.stack.runScheduled();
      return (await who.api.get(container.id)).status === status ? true : undefined;
    },
    60_000,
  );
}

beforeAll(async () => {
  const temporary = await temporaryStack();
  release = temporary.release;
  stage = await rentalStage(temporary.stack);
  who = await stage.newRenter(10_000);
  rentalId = await rent();
  const made = await create();
  const { operation } = made.body.data;
  if (operation !== null) await who.api.outcome(operation.id);
  container = await who.api.get(made.body.data.id);
}, 180_000);
afterAll(() => release?.());

it('runs what was rented, and says until when', async () => {
  expect(container.status).toBe('running');
  const { rental_end: end } = await rentalNow();
  expect(container).toMatchObject({ server_expired: false, server: { expires_at: end } });
});

it('warns of the end, once for each time before it', async () => {
  await stage.endsIn(rentalId, 6 * DAY_MS);
  await stage.stack.runScheduled();
  await stage.stack.runScheduled();
  await stage.endsIn(rentalId, DAY_MS / 2);
  await stage.stack.runScheduled();
  await stage.stack.runScheduled();
  const warnings = await eventsNamed('server.rental_expiring');
  expect(warnings.map(({ payload }) => payload)).toMatchObject([
    { days_before: 7, rental_id: rentalId },
    { days_before: 1, rental_id: rentalId },
  ]);
});

it('is read-only from the very moment of its end, while it still runs', async () => {
  await stage.endsIn(rentalId, -1000);
  const { body } = await who.api.expect<Container>(200, 'GET', `/containers/${container.id}`);
  expect(body.data).toMatchObject({
    status: 'running',
    server_expired: true,
    server_expired_reason: 'rental_ended',
    warnings: [{ type: 'server_expired' }],
  });
  expect(typeof body.data['server_expired_at']).toBe('string');
  const denied = [403, 'OPERATION_NOT_PERMITTED_ON_EXPIRED'];
  const path = `/containers/${container.id}`;
  expect(refused(await who.api.call('POST', `${path}/stop`))).toEqual(denied);
  expect(refused(await who.api.call('POST', `${path}/snapshots`, {}))).toEqual(denied);
  expect(refused(await who.api.call('PUT', path, { comment: 'x' }))).toEqual(denied);
  expect(refused(await who.api.call('PUT', `${path}/env/KEY`, { value: 'x' }))).toEqual(denied);
  expect(refused(await create())).toEqual(denied);
  const listed = async (query: string) =>
    (await who.api.expect<{ containers: object[] }>(200, 'GET', `/containers/${query}`)).body.data.containers;
  expect(await listed('')).toEqual([]);
  expect(await listed('?include_expired=true')).toHaveLength(1);
  expect((await rentalNow()).status).toBe('expired');
});

it('tells of the end once, and stops nothing within the grace', async () => {
  await stage.stack.runScheduled();
  await stage.stack.runScheduled();
  expect(await eventsNamed('server.rental_expired')).toHaveLength(1);
  expect((await who.api.get(container.id)).status).toBe('running');
});

it('is stopped when the grace is over', { timeout: 90_000 }, async () => {
  await stage.endsIn(rentalId, -DAY_MS - 1000);
  await untilStatus('stopped');
  const history = await who.api.history(container.id);
  expect(history.at(-1)).toMatchObject({ to_status: 'stopped', triggered_by: 'server_expiration' });
  expectLegalHistory(history);
});

it(
  'can be used again as soon as it is extended, and has its full term from then on',
  { timeout: 90_000 },
  async () => {
    const { rental_end: end } = await rentalNow();
    const more = { expected_rental_end: end, additional_days: 30 };
    const extended = await who.api.expect(200, 'POST', `/rentals/${rentalId}/extend`, more);
    expect(extended.body.data).toMatchObject({
      rental: { status: 'active', remaining_days: 30, amount: '30.00' },
    });
    await who.api.expect(200, 'POST', `/containers/${container.id}/start`);
    expect(await who.api.get(container.id)).toMatchObject({ status: 'running', server_expired: false });
  },
);

it('loses its place after the hold, when nothing runs there any more', { timeout: 90_000 }, async () => {
  await stage.endsIn(rentalId, -8 * DAY_MS);
  await stage.stack.runScheduled();
  expect((await rentalNow()).status).not.toBe('active');
  await untilStatus('stopped');
  await stage.stack.runScheduled();
  expect((await rentalNow()).status).toBe('ended');
  expect(await eventsNamed('server.rental_ended')).toHaveLength(1);
  expect((await create()).status).toBe(404);
  expect(await who.api.get(container.id)).toMatchObject({ server_expired: true });
  const again = { expected_rental_end: (await rentalNow()).rental_end, additional_days: 30 };
  expect(refused(await who.api.call('POST', `/rentals/${rentalId}/extend`, again))).toEqual([
    409,
    'EXTENSION_ALREADY_APPLIED',
  ]);
});

it('is found as it was left when the server is rented again', { timeout: 90_000 }, async () => {
  rentalId = await rent();
  await who.api.expect(200, 'POST', `/containers/${container.id}/start`);
  expect(await who.api.get(container.id)).toMatchObject({ status: 'running', server_expired: false });
});

it('what is expired may still be deleted', { timeout: 90_000 }, async () => {
  await stage.endsIn(rentalId, -1000);
  await who.api.expect(200, 'DELETE', `/containers/${container.id}`);
  await who.api.expect(404, 'GET', `/containers/${container.id}`);
});
