/**
 * `npm run market -- COMMAND …`: what an operator does with the market.
 *
 *   list SERVER FILE         puts a server on the market, or changes its terms (JSON; - reads standard input)
 *   unlist SERVER            takes it off the market; rentals that run go on
 *   offer FILE [ID]          makes an offer to order, or changes one
 *   fulfil ORDER SERVER      delivers an order
 *   refund ORDER             gives an order's money back
 *   price-image NAME CENTS   sets what an image costs
 *
 * The database is the one that `DATABASE_URL` (and `DATABASE_TOKEN`) name, else that of the local stack in
 * `--data-dir` (default `.data`), running or not. docs/rentals.md describes the files.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import {
  fulfilOrder,
  listServer,
  MarketError,
  offerServers,
  priceImage,
  refundOrder,
  unlistServer,
} from './market/market-commands.ts';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const USAGE = `npm run market -- list SERVER FILE | unlist SERVER | offer FILE [ID] | fulfil ORDER SERVER | refund ORDER |
  price-image NAME CENTS\n`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'data-dir': { type: 'string' } },
});
const file = join(resolve(values['data-dir'] ?? join(REPOSITORY_ROOT, '.data')), 'database.sqlite');
const url = process.env['DATABASE_URL'] ?? `file:${file}`;
const authToken = process.env['DATABASE_TOKEN'];
const read = (path: string): string => readFileSync(path === '-' ? 0 : path, 'utf8');

/** @returns undefined when the arguments make no command */
function command(): Promise<string> | undefined {
  const [name, first, second, ...rest] = positionals;
  if (first === undefined || rest.length > 0) return undefined;
  const database = drizzle(client);
  const now = Date.now();
  if (name === 'offer') return offerServers(database, second, read(first), now);
  if (second === undefined) {
    if (name === 'unlist') return unlistServer(database, first, now);
    return name === 'refund' ? refundOrder(database, first, now) : undefined;
  }
  if (name === 'list') return listServer(database, first, read(second), now);
  if (name === 'fulfil') return fulfilOrder(database, first, second, now);
  return name === 'price-image' ? priceImage(database, first, second, now) : undefined;
}

if (url.startsWith('file:') && !existsSync(url.slice('file:'.length))) {
  process.stderr.write(
    `There is no database ${url.slice('file:'.length)}; set DATABASE_URL or --data-dir.\n`,
  );
  process.exit(2);
}
const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
try {
  const running = command();
  if (running === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  } else {
    process.stdout.write(`${await running}\n`);
  }
} catch (error) {
  if (!(error instanceof MarketError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  client.close();
}
