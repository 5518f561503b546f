/** Images that cost something: bought once, then used and listed; nobody else may use them. */
import { auditLedger, readBalances, schema } from '@control-plane/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { priceImage } from '../../scripts/market/market-commands.ts';
import { connectScriptedHost, type ScriptedHost } from '../resources/scripted-host.ts';
import type { Answer } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { rentalStage, type RentalStage, type Renter } from './rental-stage.ts';
import { newId } from './wallet-stage.ts';

let stage: RentalStage;
let host: ScriptedHost;
let release: () => Promise<void>;
let imageId: string;
beforeAll(async () => {
  const temporary = await temporaryStack({ withDaemon: false });
  release = temporary.release;
  stage = await rentalStage(temporary.stack);
  host = await connectScriptedHost(temporary.stack);
  await priceImage(stage.database, 'debian/13', '250', Date.now());
  const [image] = await stage.database.select().from(schema.images);
  imageId = image?.id ?? '';
}, 120_000);
afterAll(async () => {
  await host?.disconnect();
  await release?.();
});

async function newTenant(cents: number): Promise<Renter> {
  const who = await stage.newRenter(cents);
  const { server_id: serverId } = stage.stack.bootstrap;
  await stage.database
    .insert(schema.serverGrants)
    .values({ serverId, userId: who.id, createdAt: Date.now() });
  return who;
}
const buy = (who: Renter, id = imageId) => who.api.call('POST', `/images/purchase/${id}`);
const create = (who: Renter) =>
  who.api.call('POST', `/projects/${who.projectId}/containers`, {
    server_id: stage.stack.bootstrap.server_id,
    hoody_kit: false,
    ramdisk: false,
  });
const refused = ({ status, body }: Answer<unknown>) => [status, body.code];

it('has to be bought before it is used, and is listed afterwards', async () => {
  const who = await newTenant(1000);
  const early = await create(who);
  expect(refused(early)).toEqual([403, 'IMAGE_NOT_PURCHASED']);
  expect(early.body.data).toEqual({ image_id: imageId, price_cents: 250 });
  expect((await who.api.expect(200, 'GET', '/containers/')).body.data).toMatchObject({ containers: [] });

  expect((await buy(who)).body.data).toEqual({ price_paid: 2.5, remaining_balance: 7.5 });
  expect((await create(who)).status).toBe(201);
  const owned = await who.api.expect(200, 'GET', '/images/user');
  expect(owned.body.data).toMatchObject({
    images: [{ id: imageId, image_name: 'debian/13', price: 2.5 }],
    pagination: { total: 1 },
  });
});

it('is paid once, however often it is bought, and keeps its price', { timeout: 60_000 }, async () => {
  const who = await newTenant(1000);
  const answers = await Promise.all(Array.from({ length: 20 }, () => buy(who)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  await priceImage(stage.database, 'debian/13', '900', Date.now());
  expect((await buy(who)).body.data).toEqual({ price_paid: 2.5, remaining_balance: 7.5 });
  await priceImage(stage.database, 'debian/13', '250', Date.now());
  expect((await readBalances(stage.database, who.id)).generalMicros).toBe(7_500_000);
  expect(await auditLedger(stage.database)).toEqual([]);
});

it('is not given away', async () => {
  const who = await newTenant(249);
  expect(refused(await buy(who))).toEqual([400, 'INSUFFICIENT_BALANCE']);
  expect(refused(await buy(who, newId()))).toEqual([404, 'RESOURCE_NOT_FOUND']);
  expect(refused(await buy(who, 'x'))).toEqual([400, 'INVALID_ID_FORMAT']);
  expect((await who.api.expect(200, 'GET', '/images/user')).body.data).toMatchObject({ images: [] });
  expect(refused(await create(who))).toEqual([403, 'IMAGE_NOT_PURCHASED']);
});

it('can not be bought while it is free, and is then free to use', async () => {
  const who = await newTenant(1000);
  await priceImage(stage.database, 'debian/13', '0', Date.now());
  expect(refused(await buy(who))).toEqual([400, 'IMAGE_IS_FREE']);
  expect((await create(who)).status).toBe(201);
  await priceImage(stage.database, 'debian/13', '250', Date.now());
});

it('shows the balance only to tokens that may see it', async () => {
  const who = await newTenant(1000);
  const token = await stage.withToken(who, []);
  const { body } = await token.expect(200, 'POST', `/images/purchase/${imageId}`);
  expect(body.data).toEqual({ price_paid: 2.5 });
});
