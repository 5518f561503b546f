/** Machines that are held ready: each is given away once, looks made for its owner, and comes back when taken. */
import { openDatabase, schema, setWarmPool, type Database } from '@control-plane/database';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, eventually, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

const SIZE = 5;

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;
let database: Database;
let image: string;

/** How many containers the caller sees. */
async function listed(): Promise<number> {
  const answer = await api.expect<{ pagination: { total: number } }>(200, 'GET', '/containers');
  return answer.body.data.pagination.total;
}

async function set(size: number): Promise<void> {
  await setWarmPool(database, stack.bootstrap.server_name, { image, ramdisk: false, size }, Date.now());
}

/** A create that was served from the pool answers a running container. */
async function createRunningAtOnce(fields: Record<string, unknown> = {}): Promise<Container | undefined> {
  const made = await api.create(fields);
  return made.status === 'running' ? made : undefined;
}

/** Creates and deletes until one comes from the pool: then it is filled, at least in part. */
async function filled(): Promise<void> {
  await eventually(
    'the pool gives a machine',
    async () => {
      const made = await api.create();
      await eventually(`${made.id} is settled`, async () =>
        (await api.get(made.id)).operation === null ? true : undefined,
      );
      await api.expect(200, 'DELETE', `/containers/${made.id}`);
      return made.status === 'running' ? true : undefined;
    },
    90_000,
  );
}

/** Waits until the host has as many machines beside the listed ones as it shall hold. */
async function full(): Promise<void> {
  await eventually(
    'the pool is full',
    async () => {
      const there = readdirSync(join(stack.data.hostFolder, 'machines')).length;
      return there === SIZE + (await listed()) ? true : undefined;
    },
    90_000,
  );
}

beforeAll(async () => {
  ({ stack, release } = await temporaryStack());
  api = new ApiClient(stack);
  database = openDatabase(stack.databaseUrl, stack.databaseToken);
  const [found] = await database.select({ name: schema.images.name }).from(schema.images);
  image = found?.name ?? '';
  await set(SIZE);
  // A host that connects reads what it shall hold.
  await stack.restartDaemon();
  await stack.waitUntilReady();
  await filled();
});
afterAll(() => release());

describe('a machine out of the pool', () => {
  it('is running when the answer comes, and is as if made for its owner', async () => {
    const made = await eventually('a machine is ready', () =>
      createRunningAtOnce({ name: `mine-${Date.now()}`, environment_vars: { FOR: 'me' }, comment: 'x' }),
    );
    expect(made).toMatchObject({
      status: 'running',
      prespawn: false,
      environment_vars: { FOR: 'me' },
      comment: 'x',
      project_id: stack.bootstrap.project_id,
      operation: null,
    });
    expect(await api.get(made.id)).toMatchObject({ name: made.name, status: 'running' });
    const history = await api.history(made.id);
    expectLegalHistory(history);
    expect(history.at(-1)).toMatchObject({ from_status: 'claiming', to_status: 'running' });
    await api.expect(200, 'POST', `/containers/${made.id}/stop`);
    await api.expect(200, 'POST', `/containers/${made.id}/start`);
  });

  it('is not used when the caller wants a new one, nor shown while it is nobody\u2019s', async () => {
    const before = await listed();
    const made = await api.create({ bypass_prespawn: true });
    expect(made.status).toBe('creating');
    expect(await listed()).toBe(before + 1);
    const shown = await api.expect<{ containers: Container[] }>(
      200,
      'GET',
      '/containers?include_prespawn=true&limit=100',
    );
    expect(shown.body.data.containers.filter(({ name }) => name.startsWith('warm-'))).toEqual([]);
    const asked = { server_id: stack.bootstrap.server_id, prespawn: true };
    await api.expect(403, 'POST', `/projects/${stack.bootstrap.project_id}/containers`, asked);
  });

  it('goes back when the name is taken', async () => {
    await api.createRunning({ name: 'only-one' });
    const { project_id: projectId, server_id: serverId } = stack.bootstrap;
    for (let attempt = 0; attempt < 2 * SIZE; attempt += 1) {
      const body = { server_id: serverId, name: 'only-one', ramdisk: false };
      await api.expect(409, 'POST', `/projects/${projectId}/containers`, body);
    }
    await eventually('a machine is still there', () => createRunningAtOnce());
  });

  it('the same Idempotency-Key gets the same machine', async () => {
    await filled();
    const options = { headers: { 'idempotency-key': 'one-machine' } };
    const first = await api.create({}, options);
    const second = await api.create({}, options);
    expect(second.id).toBe(first.id);
  });
});

describe('50 creates at once for 5 machines', () => {
  it('give each machine to one of them, and make the others anew', async () => {
    await full();
    const made = await Promise.all(Array.from({ length: 50 }, () => api.create()));
    const ids = made.map(({ id }) => id);
    expect(new Set(ids).size).toBe(50);
    const warm = made.filter(({ status }) => status === 'running');
    expect(warm.length).toBeGreaterThan(0);
    for (const { id } of made) {
      await eventually(
        `${id} runs`,
        async () => ((await api.get(id)).status === 'running' ? true : undefined),
        120_000,
      );
      const history = await api.history(id);
      expectLegalHistory(history);
      expect(history.filter(({ to_status: to }) => to === 'claiming').length).toBeLessThanOrEqual(1);
    }
    await Promise.all(ids.map((id) => api.expect(200, 'DELETE', `/containers/${id}`)));
  }, 300_000);
});

describe('the time until a new container runs', () => {
  it('is measured with and without the pool', async () => {
    const rounds = 5;
    const plain: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await full();
      const startedAt = performance.now();
      const ready = await api.create();
      if (ready.status === 'running') warm.push(performance.now() - startedAt);
      await api.expect(200, 'DELETE', `/containers/${ready.id}`);
      await full();
      const plainAt = performance.now();
      const made = await api.create({ bypass_prespawn: true });
      await api.outcome(made.operation?.id ?? '');
      plain.push(performance.now() - plainAt);
      await api.expect(200, 'DELETE', `/containers/${made.id}`);
    }
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
    const figures = [median(plain), median(warm)].map((ms) => ms.toFixed(0));
    process.stdout.write(
      `create until running, median ms: plain ${figures[0]}, from the pool ${figures[1]}\n`,
    );
    expect(warm.length).toBeGreaterThan(0);
  }, 180_000);
});

describe('a template that goes', () => {
  it('takes its machines along', async () => {
    await set(0);
    await stack.restartDaemon();
    await stack.waitUntilReady();
    await eventually(
      'no create is served from the pool any more',
      async () => {
        const made = await api.create();
        return made.status === 'creating' ? true : undefined;
      },
      90_000,
    );
  }, 120_000);
});
