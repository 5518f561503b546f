/** Copies and syncs have one outcome each, whatever dies in their middle, and leave the source as it was. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execInContainer } from '../../scripts/stack/container-exec.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, eventually, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;

beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ onExit: 'keep' }));
  api = new ApiClient(stack);
});
afterAll(() => release());

const run = (id: string, script: string) =>
  execInContainer(stack.data.hostFolder, id, ['/bin/sh', '-c', script]);

/** The container once nothing runs on it, over however many requests it takes while the stack comes back. */
async function settled(id: string): Promise<Container> {
  await stack.waitUntilReady();
  return eventually(
    `${id} is settled`,
    async () => {
      const found = await api.get(id).catch(() => undefined);
      return found?.operation === null ? found : undefined;
    },
    120_000,
  );
}

async function sourceWithData(): Promise<Container> {
  const source = await api.createRunning();
  await run(
    source.id,
    'dd if=/dev/zero of=/root/ballast bs=1M count=20 2>/dev/null; echo one > /root/canary',
  );
  return source;
}

const FAULTS: readonly (readonly [string, () => Promise<void>])[] = [
  ['the daemon is killed', () => stack.restartDaemon()],
  ['workerd is killed', () => stack.restartWorkerd()],
  [
    'both are killed',
    async () => {
      await stack.killDaemon();
      await stack.restartWorkerd();
      stack.startDaemon();
    },
  ],
];

/** Copy points and bases are no machine of anybody: a host has as many volumes as containers. */
function volumes(): string[] {
  return readdirSync(join(stack.data.hostFolder, 'volumes')).toSorted();
}

describe.each(FAULTS)('%s', (_, strike) => {
  it('while a copy is being made', async () => {
    const source = await sourceWithData();
    const body = { target_project_id: stack.bootstrap.project_id };
    const made = await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body);
    await strike();
    const copy = await settled(made.body.data.id);
    expectLegalHistory(await api.history(copy.id));
    expect(await settled(source.id)).toMatchObject({ status: 'running', incarnation: source.incarnation });
    expect(await run(source.id, 'cat /root/canary')).toBe('one\n');
    expect(copy, JSON.stringify(copy)).toMatchObject({ status: 'running' });
    expect(await run(copy.id, 'cat /root/canary')).toBe('one\n');
    for (const { id } of [copy, source]) await api.expect(200, 'DELETE', `/containers/${id}`);
    await eventually('nothing of either is left', async () =>
      volumes().some((name) => name.startsWith(copy.id) || name.startsWith(source.id)) ? undefined : true,
    );
  }, 180_000);

  it('while a copy is being synced', async () => {
    const source = await sourceWithData();
    const body = { target_project_id: stack.bootstrap.project_id };
    const made = await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body);
    const copy = await settled(made.body.data.id);
    await run(source.id, 'echo two > /root/canary');
    await api.expect(200, 'POST', `/containers/${copy.id}/sync`);
    await strike();
    const after = await settled(copy.id);
    expectLegalHistory(await api.history(copy.id));
    // One or the other, never something between; and the next sync brings it up to date.
    expect(after, JSON.stringify(after)).toMatchObject({ status: 'running' });
    expect(['one\n', 'two\n']).toContain(await run(copy.id, 'cat /root/canary'));
    await run(source.id, 'echo three > /root/canary');
    const again = await api.call('POST', `/containers/${copy.id}/sync`);
    expect(again.status, JSON.stringify(again.body)).toBe(200);
    expect(await settled(copy.id)).toMatchObject({ status: 'running' });
    expect(await run(copy.id, 'cat /root/canary')).toBe('three\n');
    for (const { id } of [copy, source]) await api.expect(200, 'DELETE', `/containers/${id}`);
  }, 240_000);
});

describe('a delete in the middle', () => {
  it('of the copy leaves nothing of it, and a source that is free', async () => {
    const source = await sourceWithData();
    const body = { target_project_id: stack.bootstrap.project_id };
    const made = await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body);
    const { id } = made.body.data;
    await api.expect(200, 'DELETE', `/containers/${id}`);
    await api.expect(404, 'GET', `/containers/${id}`);
    await eventually('nothing of the copy is left', async () =>
      volumes().some((name) => name.startsWith(id)) ? undefined : true,
    );
    expect(await settled(source.id)).toMatchObject({ status: 'running' });
    const snapshots = join(stack.data.hostFolder, 'snapshots', source.id);
    await eventually('the source holds no copy point any more', async () => {
      const kept = readdirSync(join(snapshots, '..')).includes(source.id) ? readdirSync(snapshots) : [];
      return kept.length === 0 ? true : undefined;
    });
    await api.expect(200, 'DELETE', `/containers/${source.id}`);
  }, 120_000);

  it('of the source fails the copy by name, or comes too late to matter', async () => {
    const source = await sourceWithData();
    const body = { target_project_id: stack.bootstrap.project_id };
    const made = await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body);
    await api.expect(200, 'DELETE', `/containers/${source.id}`);
    const copy = await settled(made.body.data.id);
    expect(['running', 'failed']).toContain(copy.status);
    if (copy.status === 'failed') {
      const { code } = copy['failure'] as { code: string };
      expect(['SOURCE_CONTAINER_NOT_FOUND', 'COPY_TRANSFER_FAILED']).toContain(code);
    }
    await api.expect(200, 'DELETE', `/containers/${copy.id}`);
    await eventually('nothing of either is left', async () =>
      volumes().some((name) => name.startsWith(copy.id) || name.startsWith(source.id)) ? undefined : true,
    );
  }, 120_000);
});
