/** Copies and syncs of real machines, the whole way: API, objects, link, daemon; on one server and between two. */
import { newObjectId, secureRandom } from '@control-plane/auth';
import { openDatabase, schema } from '@control-plane/database';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execInContainer } from '../../scripts/stack/container-exec.ts';
import { createDaemonProcess, type DaemonProcess } from '../../scripts/stack/daemon-process.ts';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, eventually, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;
/** A second server of the same machine, which other servers may fetch from. */
let away: { readonly id: string; readonly folder: string; readonly daemon: DaemonProcess };

async function addServer(): Promise<typeof away> {
  const database = openDatabase(stack.databaseUrl, stack.databaseToken);
  const id = newObjectId(secureRandom);
  const joinToken = randomBytes(32).toString('hex');
  const now = Date.now();
  await database.insert(schema.servers).values({ id, name: 'node-away', createdAt: now, updatedAt: now });
  await database.insert(schema.hostJoinTokens).values({
    tokenHash: createHash('sha256').update(joinToken).digest('hex'),
    serverId: id,
    expiresAt: now + 3_600_000,
    createdAt: now,
  });
  const folder = join(stack.data.path, 'away');
  mkdirSync(folder, { mode: 0o700 });
  const flags = {
    '--data-dir': folder,
    '--control-url': stack.baseUrl,
    '--driver': 'namespaces',
    '--transfer-listen': '127.0.0.1:0',
    '--on-exit': 'stop',
    '--metrics-port': '0',
  };
  const daemon = createDaemonProcess({
    command: process.execPath,
    arguments: [join(REPOSITORY_ROOT, 'node-daemon/src/main.ts'), 'run', ...Object.entries(flags).flat()],
    environment: { ...process.env, NODE_DAEMON_JOIN_TOKEN: joinToken },
    logFile: join(stack.data.path, 'away.log'),
    pidFile: join(stack.data.path, 'away.pid'),
  });
  daemon.start();
  await eventually(
    'the second server is ready',
    async () => {
      const rows = await database
        .select({ id: schema.servers.id, isReady: schema.servers.isReady })
        .from(schema.servers);
      return rows.some((row) => row.id === id && row.isReady) ? true : undefined;
    },
    60_000,
  );
  return { id, folder, daemon };
}

beforeAll(async () => {
  ({ stack, release } = await temporaryStack());
  api = new ApiClient(stack);
  away = await addServer();
});
afterAll(async () => {
  await away.daemon.stop();
  await release();
});

/** What a shell in the machine says. */
async function sh(folder: string, container: string, script: string): Promise<string> {
  return (await execInContainer(folder, container, ['/bin/sh', '-c', script])).trim();
}
const home = (container: Container, script: string) => sh(stack.data.hostFolder, container.id, script);

async function copyOf(source: Container, fields: Record<string, unknown> = {}): Promise<Container> {
  const body = { target_project_id: stack.bootstrap.project_id, ...fields };
  const made = await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body);
  return settled(made.body.data.id);
}
async function settled(id: string): Promise<Container> {
  return eventually(
    `${id} is settled`,
    async () => {
      const found = await api.get(id);
      return found.operation === null ? found : undefined;
    },
    90_000,
  );
}
async function sync(copy: Container, body?: unknown): Promise<Container> {
  await api.expect(200, 'POST', `/containers/${copy.id}/sync`, body);
  return settled(copy.id);
}

describe('on one server', () => {
  it('a copy has the data of its source, an identity of its own, and goes its own way', async () => {
    const source = await api.createRunning({ name: 'the-source' });
    await home(source, 'echo before > /root/canary');
    const copy = await copyOf(source, { name: 'the-copy' });
    expect(copy, JSON.stringify(copy)).toMatchObject({ status: 'running', source_container_id: source.id });
    expect(await home(copy, 'cat /root/canary; hostname')).toBe('before\nthe-copy');
    await home(copy, 'echo other > /root/canary');
    expect(await home(source, 'cat /root/canary; hostname')).toBe('before\nthe-source');
    await api.expect(200, 'DELETE', `/containers/${source.id}`);
    expect(await home(copy, 'cat /root/canary')).toBe('other');
    expectLegalHistory(await api.history(copy.id));
  });

  it('takes the snapshots along, or one of them as what it is', async () => {
    const source = await api.createRunning();
    await home(source, 'echo old > /root/canary');
    const taken = await api.expect<{ snapshot: { name: string } }>(
      200,
      'POST',
      `/containers/${source.id}/snapshots`,
      { stateful: false, alias: 'first', expiry: 30 },
    );
    const { name } = taken.body.data.snapshot;
    await home(source, 'echo new > /root/canary');
    const copy = await copyOf(source);
    expect(await home(copy, 'cat /root/canary')).toBe('new');
    const snapshots = await api.expect<{ snapshots: Record<string, unknown>[] }>(
      200,
      'GET',
      `/containers/${copy.id}/snapshots`,
    );
    expect(snapshots.body.data.snapshots).toMatchObject([{ name, alias: 'first', stateful: false }]);
    await api.expect(200, 'PUT', `/containers/${copy.id}/snapshots/${name}`);
    expect(await home(copy, 'cat /root/canary')).toBe('old');
    expect(await home(source, 'cat /root/canary')).toBe('new');

    const older = await copyOf(source, { source_snapshot: name });
    expect(await home(older, 'cat /root/canary')).toBe('old');
    expect(older['snapshot_count']).toBe(0);
  });

  it('a sync brings the changes, whatever snapshots come and go on either side', async () => {
    const source = await api.createRunning();
    let copy = await copyOf(source);
    for (let round = 1; round <= 3; round += 1) {
      await home(
        source,
        `echo ${round} > /root/canary; rm -f /root/gone-${round - 1}; touch /root/gone-${round}`,
      );
      await home(copy, 'echo mine > /root/own');
      const taken = await api.expect<{ snapshot: { name: string } }>(
        200,
        'POST',
        `/containers/${round % 2 === 0 ? source.id : copy.id}/snapshots`,
        { stateful: false },
      );
      const owner = round % 2 === 0 ? source.id : copy.id;
      await api.expect(200, 'DELETE', `/containers/${owner}/snapshots/${taken.body.data.snapshot.name}`);
      const { incarnation } = copy;
      copy = await sync(copy);
      expect(copy).toMatchObject({ status: 'running', incarnation: incarnation + 1 });
      expect(await home(copy, 'cat /root/canary; ls /root')).toBe(`${round}\ncanary\ngone-${round}`);
    }
    await api.expect(200, 'POST', `/containers/${copy.id}/stop`);
    await home(source, 'echo last > /root/canary');
    expect(await sync(copy, { full: true })).toMatchObject({ status: 'stopped' });
    await api.expect(200, 'POST', `/containers/${copy.id}/start`);
    expect(await home(copy, 'cat /root/canary')).toBe('last');
    expectLegalHistory(await api.history(copy.id));
  });

  it('no memory is promised where none can be held', async () => {
    const source = await api.createRunning();
    const body = { target_project_id: stack.bootstrap.project_id, stateful: true };
    const refused = await api.expect(409, 'POST', `/containers/${source.id}/copy`, body);
    expect(refused.body.code).toBe('CAPABILITY_MISSING');
    expect(await api.get(source.id)).toMatchObject({ status: 'running', operation: null });
  });
});

describe('between two servers', () => {
  it('the data goes from daemon to daemon, and so do the changes afterwards', async () => {
    const source = await api.createRunning({ server_id: away.id, name: 'far-source' });
    await sh(away.folder, source.id, 'echo far > /root/canary');
    let copy = await copyOf(source, { target_server_id: stack.bootstrap.server_id });
    expect(copy, JSON.stringify(copy)).toMatchObject({
      status: 'running',
      server_id: stack.bootstrap.server_id,
    });
    expect(await home(copy, 'cat /root/canary')).toBe('far');
    await sh(away.folder, source.id, 'echo farther > /root/canary');
    copy = await sync(copy);
    expect(copy, JSON.stringify(copy)).toMatchObject({ status: 'running' });
    expect(await home(copy, 'cat /root/canary')).toBe('farther');
    expectLegalHistory(await api.history(copy.id));
  });
});
