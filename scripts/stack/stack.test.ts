import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJwtKeys, verifyJwt, verifyPassword } from '@control-plane/auth';
import { openDatabase, schema } from '@control-plane/database';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBootstrap } from './bootstrap.ts';
import { DataDirectoryBusyError } from './data-directory.ts';
import { httpCall } from './http-call.ts';
import { startStack, type Stack, type StackOptions } from './stack.ts';

/** Stands in for the api: shows what it is bound to. */
const API_STUB = `
import { DurableObject } from 'cloudflare:workers';
class Counter extends DurableObject {
  async fetch() {
    const count = ((await this.ctx.storage.get('count')) ?? 0) + 1;
    await this.ctx.storage.put('count', count);
    return Response.json({ count });
  }
}
export class ContainerObject extends Counter {}
export class HostObject extends Counter {}
export class RateLimitObject extends Counter {}
let scheduled = 0;
export default {
  async scheduled() { scheduled += 1; },
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    if (path === '/internal/health') return Response.json({ database: { up: true }, hosts: { up: false, connected: 0 } });
    if (path === '/count') return env.CONTAINERS.get(env.CONTAINERS.idFromName('x')).fetch('http://x/');
    if (path === '/scheduled') return Response.json({ scheduled });
    if (path === '/mail') return new Response(String((await env.MAIL.fetch('http://mail/', { method: 'POST', body: await request.text() })).status));
    return Response.json({ names: Object.keys(env).toSorted(), address: request.headers.get('x-client-address') });
  },
}`;

let folder: string;
let stack: Stack | undefined;
const start = async (options: Partial<StackOptions> = {}): Promise<Stack> => {
  stack = await startStack({
    dataDir: folder,
    withDaemon: false,
    workerScripts: { api: API_STUB },
    ...options,
  });
  return stack;
};
const get = async (path: string): Promise<unknown> => (await httpCall(stack?.port ?? 0, { path })).json;
const modeOf = (file: string): number => statSync(file).mode & 0o777;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stack-'));
});
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  await rm(folder, { recursive: true, force: true });
});

describe('a started stack', () => {
  it('binds the api to its objects, database, keys and mail, and takes clients for local ones', async () => {
    await start();
    const answer = await httpCall(stack?.port ?? 0, {
      path: '/',
      headers: { 'cf-connecting-ip': '6.6.6.6', 'x-forwarded-for': '6.6.6.6' },
    });
    expect(answer.json).toEqual({
      address: '127.0.0.1',
      names: [
        'API_DOMAIN',
        'CONTAINERS',
        'DATABASE',
        'DATABASE_TOKEN',
        'DATABASE_URL',
        'ENCRYPTION_KEY',
        'HOSTS',
        'JWT_KEYS',
        'MAIL',
        'RATE_LIMITS',
        'SIGNING_KEYS',
      ],
    });
    expect(answer.headers['x-hoody-signature']).toBeDefined();
  });

  it('says in /healthz what is up and what is not', async () => {
    await start();
    const answer = await httpCall(stack?.port ?? 0, { path: '/healthz' });
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({
      parts: { billing: { up: true }, database: { up: true }, hosts: { up: false, connected: 0 } },
    });
  });

  it('answers with the envelope at a path of billing', async () => {
    await start();
    expect(await get('/api/v1/wallet/none')).toMatchObject({ statusCode: 404, code: 'NOT_FOUND' });
  });

  it('writes what scripts need to bootstrap.json, readable by its owner only', async () => {
    const { bootstrap, data } = await start();
    expect(readBootstrap(data.bootstrapFile)).toEqual(bootstrap);
    for (const file of [data.bootstrapFile, data.secretsFile, data.mailOutboxFile])
      expect(modeOf(file)).toBe(0o600);
    expect(modeOf(data.path) & 0o077).toBe(0);
    expect(Object.keys(bootstrap).toSorted()).toEqual(
      [
        'admin_token',
        'api_domain',
        'base_url',
        'container_timeout_s',
        'mail_outbox',
        'nowpayments_ipn_path',
        'nowpayments_ipn_secret',
        'openapi_path',
        'operator',
        'project_id',
        'server_id',
        'server_name',
        'stripe_webhook_path',
        'stripe_webhook_secret',
        'users',
      ].toSorted(),
    );
    expect(bootstrap.users).toHaveLength(3);
  });

  it('seeds accounts that can sign in, and rights for the first two users only', async () => {
    const { bootstrap, databaseUrl, databaseToken, data } = await start();
    const database = openDatabase(databaseUrl, databaseToken);
    const users = await database.select().from(schema.users);
    const operator = users.find((user) => user.email === 'operator@localhost');
    expect(operator).toMatchObject({ username: 'operator', isAdmin: true, emailVerified: true });
    for (const account of [bootstrap.operator, ...bootstrap.users]) {
      const row = users.find((user) => user.email === account.email);
      expect(await verifyPassword(account.password, row?.passwordHash ?? null)).toBe(true);
    }
    const grants = (await database.select().from(schema.serverGrants)).map((grant) => grant.userId);
    const expected = ['operator@localhost', 'user1@localhost', 'user2@localhost'];
    expect(
      users
        .filter((user) => grants.includes(user.id))
        .map((user) => user.email)
        .toSorted(),
    ).toEqual(expected);
    const secrets = JSON.parse(readFileSync(data.secretsFile, 'utf8')) as { jwt_keys: string };
    const keys = await parseJwtKeys(secrets.jwt_keys);
    expect(await verifyJwt(keys, bootstrap.admin_token, 'access', Date.now())).toMatchObject({
      kind: 'valid',
      subject: { userId: operator?.id },
    });
    expect(JSON.stringify(await database.select().from(schema.authTokens))).not.toContain(
      bootstrap.operator.token,
    );
    expect(JSON.stringify(await database.select().from(schema.hostJoinTokens))).not.toContain(
      stack?.joinToken,
    );
  });

  it('takes mail into the outbox, one line each, and refuses what is no mail', async () => {
    const { port, data } = await start();
    const mail = { to: 'a@b.example', subject: 's', kind: 'verify_email', token: 't', url: null, text: 'x' };
    expect((await httpCall(port, { path: '/mail', method: 'POST', body: mail })).text).toBe('204');
    expect((await httpCall(port, { path: '/mail', method: 'POST', body: { to: 1 } })).text).toBe('400');
    const lines = readFileSync(data.mailOutboxFile, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ ...mail, at: expect.any(String) });
  });

  it('runs the cron handler on demand', async () => {
    await start();
    await stack?.runScheduled();
    expect(await get('/scheduled')).toEqual({ scheduled: 1 });
  });
});

describe('what lasts', () => {
  it('keeps objects, rows, accounts and keys over a restart, on the same port if asked', async () => {
    const first = await start();
    expect(await get('/count')).toEqual({ count: 1 });
    const { bootstrap, port } = first;
    await first.stop();
    const second = await start({ port });
    expect(second.port).toBe(port);
    expect(await get('/count')).toEqual({ count: 2 });
    expect({ ...second.bootstrap, admin_token: '' }).toEqual({ ...bootstrap, admin_token: '' });
  });

  it('keeps objects when workerd is killed, and answers on the same port again', async () => {
    await start();
    expect(await get('/count')).toEqual({ count: 1 });
    await stack?.restartWorkerd();
    expect(await get('/count')).toEqual({ count: 2 });
  });

  it('refuses a second stack on the same folder, and frees the folder when it stops', async () => {
    const first = await start();
    await expect(startStack({ dataDir: folder, withDaemon: false })).rejects.toThrow(DataDirectoryBusyError);
    await first.stop();
    await first.stop();
    expect(existsSync(join(folder, 'stack.lock'))).toBe(false);
    await start();
  });

  it('leaves nothing running and the folder free when a part does not start', async () => {
    const broken = startStack({ dataDir: folder, withDaemon: false, workerScripts: { api: 'syntax error' } });
    await expect(broken).rejects.toThrow();
    await start();
  });

  it('starts again on the same port after the process that ran it was killed', async () => {
    const script = `
      import { startStack } from ${JSON.stringify(join(import.meta.dirname, 'stack.ts'))};
      const api = ${JSON.stringify(API_STUB)};
      const stack = await startStack({ dataDir: ${JSON.stringify(folder)}, withDaemon: false, workerScripts: { api } });
      console.log(stack.port);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await httpCall(port, { path: '/count' })).json).toEqual({ count: 1 });
    await start({ port });
    expect(await get('/count')).toEqual({ count: 2 });
  });
});
