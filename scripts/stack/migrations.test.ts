import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '@libsql/client/web';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDatabaseEndpoint, type DatabaseEndpoint } from './database/endpoint.ts';
import { applyMigrations } from './migrations.ts';

let folder: string;
let endpoint: DatabaseEndpoint;
let client: Client;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  endpoint = await startDatabaseEndpoint({ file: join(folder, 'db.sqlite'), token: 't' });
  client = createClient({ url: endpoint.url, authToken: 't' });
  await writeFile(
    join(folder, '0000_a.sql'),
    'create table a (id integer);\n--> statement-breakpoint\ncreate table b (id integer);',
  );
});
afterEach(async () => {
  client.close();
  await endpoint.close();
  await rm(folder, { recursive: true });
});

const tables = async (): Promise<unknown[]> =>
  (await client.execute("select name from sqlite_schema where type = 'table' order by name")).rows.map(
    (row) => row['name'],
  );

it('applies each file once, in order', async () => {
  await writeFile(join(folder, '0001_b.sql'), 'alter table a add column note text;');
  expect(await applyMigrations(client, folder, 1)).toEqual(['0000_a.sql', '0001_b.sql']);
  expect(await applyMigrations(client, folder, 2)).toEqual([]);
  expect(await tables()).toEqual(['a', 'b', 'schema_migrations']);
});

it('applies nothing of a file of which one statement fails', async () => {
  await writeFile(
    join(folder, '0001_b.sql'),
    'create table c (id integer);\n--> statement-breakpoint\ncreate table a (id integer);',
  );
  await expect(applyMigrations(client, folder, 1)).rejects.toThrow('already exists');
  expect(await tables()).toEqual(['a', 'b', 'schema_migrations']);
  await writeFile(join(folder, '0001_b.sql'), 'create table c (id integer);');
  expect(await applyMigrations(client, folder, 1)).toEqual(['0001_b.sql']);
});

it('refuses a file that was changed or removed after it had been applied', async () => {
  await applyMigrations(client, folder, 1);
  await writeFile(join(folder, '0000_a.sql'), 'create table other (id integer);');
  await expect(applyMigrations(client, folder, 2)).rejects.toThrow('0000_a.sql was changed');
  await rm(join(folder, '0000_a.sql'));
  await expect(applyMigrations(client, folder, 2)).rejects.toThrow('its file is gone');
});

it("applies the project's own migrations", async () => {
  const copy = join(folder, 'real');
  await cp(join(import.meta.dirname, '../../migrations'), copy, { recursive: true });
  expect((await applyMigrations(client, copy, 1)).length).toBeGreaterThan(0);
  expect(await tables()).toContain('containers');
});
