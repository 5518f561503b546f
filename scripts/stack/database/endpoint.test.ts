import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '@libsql/client/web';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDatabaseEndpoint, type DatabaseEndpoint } from './endpoint.ts';

const notes = sqliteTable('notes', { id: integer('id').primaryKey(), body: text('body').notNull().unique() });
const TOKEN = 'secret';
let folder: string;
let endpoint: DatabaseEndpoint;
let client: Client;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-'));
  endpoint = await startDatabaseEndpoint({
    file: join(folder, 'db.sqlite'),
    token: TOKEN,
    limits: { idleTimeoutMs: 200, busyTimeoutMs: 2000, streamsMax: 20 },
  });
  client = createClient({ url: endpoint.url, authToken: TOKEN });
  await client.executeMultiple(
    'create table notes (id integer primary key, body text not null unique, data blob)',
  );
});
afterEach(async () => {
  client.close();
  await endpoint.close();
  await rm(folder, { recursive: true });
});

const post = (body: string, token = TOKEN) =>
  fetch(`${endpoint.url}/v3/pipeline`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}` },
  });
const count = async () => (await client.execute('select count(*) as n from notes')).rows[0]?.['n'];
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe('values', () => {
  it('keeps integers over 64 bits exact, floats, texts, blobs and null', async () => {
    const exact = createClient({ url: endpoint.url, authToken: TOKEN, intMode: 'bigint' });
    const result = await exact.execute({
      sql: 'select ? as a, ? as b, ? as c, ? as d, ? as e',
      args: [9223372036854775807n, 1.5, 'ü\u0000x', new Uint8Array([0, 255, 7]), null],
    });
    const row = result.rows[0];
    expect(row?.['a']).toBe(9223372036854775807n);
    expect(row?.['b']).toBe(1.5);
    expect(row?.['c']).toBe('ü\u0000x');
    expect(new Uint8Array(row?.['d'] as ArrayBuffer)).toEqual(new Uint8Array([0, 255, 7]));
    expect(row?.['e']).toBeNull();
    exact.close();
  });

  it('takes named and numbered parameters and reports affected rows', async () => {
    await client.execute({
      sql: 'insert into notes (id, body) values (:id, @body)',
      args: { id: 1, body: 'a' },
    });
    const second = await client.execute({
      sql: 'insert into notes (id, body) values (?1, ?2 || ?2)',
      args: [2, 'b'],
    });
    expect(second.rowsAffected).toBe(1);
    expect(second.lastInsertRowid).toBe(2n);
    const returned = await client.execute('update notes set body = body || 1 returning body');
    expect(returned.rowsAffected).toBe(2);
    expect(returned.rows.map((row) => row['body'])).toEqual(['a1', 'bb1']);
    expect((await client.execute('select 1')).rowsAffected).toBe(0);
  });
});

describe('transactions', () => {
  it('commits and rolls back through drizzle', async () => {
    const database = drizzle(client);
    await database.transaction(async (tx) => {
      await tx.insert(notes).values({ id: 1, body: 'kept' });
      expect(await tx.select().from(notes)).toEqual([{ id: 1, body: 'kept' }]);
    });
    const error = await failure(
      database.transaction(async (tx) => {
        await tx.insert(notes).values({ id: 2, body: 'undone' });
        throw new Error('changed my mind');
      }),
    );
    expect(error).toBeInstanceOf(Error);
    expect(await database.select().from(notes)).toEqual([{ id: 1, body: 'kept' }]);
    expect(await database.get(sql`select count(*) as n from notes`)).toBeTruthy();
  });

  it('undoes all of a batch when one of its statements fails, and names the constraint', async () => {
    const error = await failure(
      client.batch(
        ["insert into notes (id, body) values (1, 'a')", "insert into notes (id, body) values (2, 'a')"],
        'write',
      ),
    );
    expect(error).toMatchObject({ code: 'SQLITE_CONSTRAINT' });
    expect(String(error)).toContain('UNIQUE constraint failed: notes.body');
    expect(await count()).toBe(0);
  });

  it('rolls back a transaction whose client closes it, and frees the writer', async () => {
    const transaction = await client.transaction('write');
    await transaction.execute("insert into notes (id, body) values (1, 'a')");
    transaction.close();
    await client.execute("insert into notes (id, body) values (2, 'b')");
    expect(await count()).toBe(1);
  });

  it('rolls back a transaction that nobody continues', async () => {
    const transaction = await client.transaction('write');
    await transaction.execute("insert into notes (id, body) values (1, 'a')");
    await vi.waitFor(() => expect(endpoint.openStreams()).toBe(0), { timeout: 2000 });
    expect(await failure(transaction.commit())).toBeInstanceOf(Error);
    expect(await count()).toBe(0);
  });

  it('lets concurrent writers wait for each other: none is lost, none sees half a transaction', async () => {
    await client.execute("insert into notes (id, body) values (1, '0')");
    const increment = async (): Promise<void> => {
      const own = createClient({ url: endpoint.url, authToken: TOKEN });
      const transaction = await own.transaction('write');
      const row = (await transaction.execute('select body from notes where id = 1')).rows[0];
      await transaction.execute({
        sql: 'update notes set body = ? where id = 1',
        args: [String(Number(row?.['body']) + 1)],
      });
      await transaction.commit();
      own.close();
    };
    await Promise.all(Array.from({ length: 15 }, increment));
    expect((await client.execute('select body from notes where id = 1')).rows[0]?.['body']).toBe('15');
    expect(endpoint.openStreams()).toBe(0);
  });

  it('lets readers read while a writer holds its transaction', async () => {
    const transaction = await client.transaction('write');
    await transaction.execute("insert into notes (id, body) values (1, 'a')");
    expect(await count()).toBe(0);
    await transaction.commit();
    expect(await count()).toBe(1);
  });

  it('fails a waiting writer by name when the lock outlives its patience', async () => {
    const impatient = await startDatabaseEndpoint({
      file: join(folder, 'db.sqlite'),
      token: TOKEN,
      limits: { busyTimeoutMs: 50, idleTimeoutMs: 5000 },
    });
    const other = createClient({ url: impatient.url, authToken: TOKEN });
    const transaction = await other.transaction('write');
    await transaction.execute("insert into notes (id, body) values (1, 'a')");
    expect(await failure(other.execute("insert into notes (id, body) values (2, 'b')"))).toMatchObject({
      code: 'SQLITE_BUSY',
    });
    await transaction.rollback();
    other.close();
    await impatient.close();
  });
});

describe('bounds and bad input', () => {
  it('refuses a wrong or missing token', async () => {
    expect((await post('{"requests":[]}', 'wrong')).status).toBe(401);
    expect((await fetch(`${endpoint.url}/v3`)).status).toBe(401);
  });

  it.each([
    ['no JSON', '{', 400],
    ['no pipeline', '{}', 400],
    ['an unknown request', '{"requests":[{"type":"explode"}]}', 400],
    ['an unknown baton', '{"baton":"nobody","requests":[]}', 400],
    [
      'an integer of text',
      '{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"integer","value":"x"}]}}]}',
      400,
    ],
  ])('refuses %s', async (_, body, status) => {
    expect((await post(body)).status).toBe(status);
  });

  it('answers bad SQL, an unknown parameter and a file access as errors and stays alive', async () => {
    for (const statement of ['selekt 1', 'select * from nowhere', `attach '${folder}/x' as y`]) {
      expect(await failure(client.execute(statement))).toBeInstanceOf(Error);
    }
    expect(await failure(client.execute({ sql: 'select :a', args: { b: 1 } }))).toBeInstanceOf(Error);
    expect(await count()).toBe(0);
  });

  it('uses a baton once', async () => {
    const opened: unknown = await (await post('{"requests":[{"type":"get_autocommit"}]}')).json();
    const baton = (opened as { baton: string }).baton;
    const again = JSON.stringify({ baton, requests: [{ type: 'get_autocommit' }] });
    expect((await post(again)).status).toBe(200);
    expect((await post(again)).status).toBe(400);
  });

  it('refuses more open streams than allowed', async () => {
    const statuses = [];
    for (let index = 0; index < 21; index += 1) {
      statuses.push((await post('{"requests":[{"type":"get_autocommit"}]}')).status);
    }
    expect(statuses.at(0)).toBe(200);
    expect(statuses.at(-1)).toBe(503);
  });
});

it('keeps what was committed when it is opened again', async () => {
  await client.execute("insert into notes (id, body) values (1, 'a')");
  await endpoint.close();
  endpoint = await startDatabaseEndpoint({ file: join(folder, 'db.sqlite'), token: TOKEN });
  client.close();
  client = createClient({ url: endpoint.url, authToken: TOKEN });
  expect(await count()).toBe(1);
});
