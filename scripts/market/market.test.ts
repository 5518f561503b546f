/** The operator's command as it is called: what it does to the market, and how it says what it can't do. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from '@libsql/client';
import { findListing, listMarket, listOffers } from '@control-plane/database';
import { servers } from '@control-plane/database/schema';
import { drizzle } from 'drizzle-orm/libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  fulfilOrder,
  listServer,
  MarketError,
  offerServers,
  priceImage,
  refundOrder,
} from './market-commands.ts';
import { applyMigrations } from '../stack/migrations.ts';
import { REPOSITORY_ROOT } from '../stack/repository-root.ts';

const SERVER_ID = 'a'.repeat(24);
const folder = mkdtempSync(join(tmpdir(), 'market-'));
const client = createClient({ url: `file:${join(folder, 'database.sqlite')}` });
const database = drizzle(client);
beforeAll(async () => {
  await applyMigrations(client, join(REPOSITORY_ROOT, 'migrations'), Date.now());
  await database.insert(servers).values({
    id: SERVER_ID,
    name: 'fra-1',
    publicKey: 'ab'.repeat(32),
    isReady: true,
    createdAt: 1,
    updatedAt: 1,
  });
});
afterAll(() => {
  client.close();
  rmSync(folder, { recursive: true });
});

async function market(words: readonly string[], input: unknown = {}) {
  const script = join(REPOSITORY_ROOT, 'scripts/market.ts');
  const child = spawn(process.execPath, [script, ...words, '--data-dir', folder]);
  child.stdin.end(JSON.stringify(input));
  const closed = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  const [output, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, output, errors };
}

it('puts a server on the market, changes its terms, and takes it off', { timeout: 180_000 }, async () => {
  const listed = await market(['list', 'fra-1', '-'], {
    prices_cents: { 30: 1500 },
    slots: 3,
    featured: true,
  });
  expect(listed).toMatchObject({ status: 0, output: `fra-1 is on the market as ${SERVER_ID}.\n` });
  expect(await listMarket(database)).toMatchObject([
    { listing: { slots: 3, isFeatured: true, pricesJson: '{"30":1500}', holdDays: 7, meteringJson: null } },
  ]);
  await market(['list', SERVER_ID, '-'], { prices_cents: { 30: 1200 } });
  expect((await findListing(database, SERVER_ID))?.listing).toMatchObject({
    slots: 1,
    pricesJson: '{"30":1200}',
  });
  expect((await market(['unlist', 'fra-1'])).status).toBe(0);
  expect(await listMarket(database)).toEqual([]);
});

it('makes an offer', async () => {
  const offer = {
    name: 'Big one',
    country: 'Testland',
    specs: { cpuCores: 64 },
    prices_cents: { 30: 9000 },
    delivery_hours: 72,
  };
  const said = await offerServers(database, undefined, JSON.stringify(offer), 1);
  expect(said).toMatch(/^Offer [0-9a-f]{24}: Big one\.$/);
  expect(await listOffers(database)).toMatchObject([{ name: 'Big one', deliveryHours: 72, stock: null }]);
});

const listAs = (server: string, file: object) => listServer(database, server, JSON.stringify(file), 1);
it.each([
  ['a server that is not there', () => listAs('fra-9', { prices_cents: { 30: 1 } }), 'no server "fra-9"'],
  ['no price', () => listAs('fra-1', {}), 'The description is not right'],
  ['an empty price list', () => listAs('fra-1', { prices_cents: {} }), 'needs terms'],
  ['a term of too many days', () => listAs('fra-1', { prices_cents: { 4000: 1 } }), 'needs terms'],
  ['rates that lack', () => listAs('fra-1', { prices_cents: { 1: 1 }, metering: {} }), 'metering'],
  ['what is no JSON', () => listServer(database, 'fra-1', '{', 1), 'The description is not right'],
  ['an order that is not there', () => refundOrder(database, 'b'.repeat(24), 1), 'There is no order'],
  ['no such order', () => fulfilOrder(database, 'b'.repeat(24), 'fra-1', 1), 'There is no order'],
  ['an image that is not there', () => priceImage(database, 'none/1', '5', 1), 'There is no image'],
  ['a price with a fraction', () => priceImage(database, 'none/1', '5.5', 1), 'whole number of cents'],
])('refuses %s', async (_, command, message) => {
  await expect(command()).rejects.toThrow(MarketError);
  await expect(command()).rejects.toThrow(message);
});

it(
  'exits with 1 for what can not be done, and with 2 for what is no command',
  { timeout: 120_000 },
  async () => {
    expect(await market(['unlist', 'fra-9'])).toMatchObject({
      status: 1,
      errors: 'There is no server "fra-9".\n',
    });
    const unknown = await market(['sell', 'fra-1']);
    expect(unknown.status).toBe(2);
    expect(unknown.errors).toContain('npm run market');
  },
);
