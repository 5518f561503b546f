/**
 * `npm run warm-pool -- COMMAND …`: which machines servers hold ready for new containers.
 *
 *   list                                what every server shall hold ready
 *   set SERVER IMAGE SIZE [--ramdisk]   how many machines of an image; 0 ends it
 *
 * `--ramdisk`: machines with a memory disk, for containers that are created with one (the default of the API).
 * The database is the one that `DATABASE_URL` (and `DATABASE_TOKEN`) name, else that of the local stack in
 * `--data-dir` (default `.data`), running or not. A server takes a change over within half a minute.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listWarmPools, setWarmPool, WARM_POOL_SIZE_MAX } from '@control-plane/database';
import { createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const USAGE = 'npm run warm-pool -- list | set SERVER IMAGE SIZE [--ramdisk]';

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'data-dir': { type: 'string' }, ramdisk: { type: 'boolean', default: false } },
});
const file = join(resolve(values['data-dir'] ?? join(REPOSITORY_ROOT, '.data')), 'database.sqlite');
const url = process.env['DATABASE_URL'] ?? `file:${file}`;
if (url.startsWith('file:') && !existsSync(url.slice('file:'.length))) {
  refuse(`There is no database ${url.slice('file:'.length)}; set DATABASE_URL or --data-dir.`);
}
const [command, server, image, sizeText, ...rest] = positionals;
const authToken = process.env['DATABASE_TOKEN'];
const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
const database = drizzle(client);

if (command === 'list' && server === undefined) {
  const pools = await listWarmPools(database);
  for (const pool of pools) {
    process.stdout.write(
      `${pool.serverName}  ${pool.image}  ${pool.ramdisk ? 'ramdisk' : 'plain'}  ${pool.size}\n`,
    );
  }
  if (pools.length === 0) process.stdout.write('No server holds machines ready.\n');
} else if (command === 'set' && server !== undefined && image !== undefined && rest.length === 0) {
  const size = Number(sizeText);
  if (!/^\d+$/.test(sizeText ?? '') || size > WARM_POOL_SIZE_MAX) {
    refuse(`SIZE is a whole number from 0 to ${WARM_POOL_SIZE_MAX}.`);
  }
  const { ramdisk } = values;
  const isKnown = await setWarmPool(database, server, { image, ramdisk, size }, Date.now());
  if (!isKnown) refuse(`There is no server ${JSON.stringify(server)}.`);
  process.stdout.write(`${server} shall hold ${size} of ${image} ready.\n`);
} else {
  refuse(USAGE);
}
client.close();
