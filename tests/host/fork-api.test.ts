/** Forks, syncs and the warm pool through the API, on real machines: memory goes on, and pools save the boot. */
import { openDatabase, setWarmPool } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execInContainer } from '../../scripts/stack/container-exec.ts';
import { ApiClient, eventually, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

/** A name that only its memory knows, and a number that grows; each beat is a line. */
const CANARY = `#!/bin/sh
name=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \\n')
beat=0
while :; do beat=$((beat + 1)); echo "$beat $name" >>/root/beats; sleep 0.02; done
`;
const MACHINE = { container_image: 'busybox', memory: 0.125 };

let stage: Awaited<ReturnType<typeof temporaryStack>>;
let api: ApiClient;
beforeAll(async () => {
  stage = await temporaryStack({ driver: 'lxc' });
  api = new ApiClient(stage.stack);
});
afterAll(() => stage.release());

const sh = (id: string, script: string): Promise<string> =>
  execInContainer(stage.stack.data.hostFolder, id, ['/bin/sh', '-c', script]);

async function beats(id: string): Promise<readonly [beat: number, name: string][]> {
  const lines = (await sh(id, 'cat /root/beats 2>/dev/null || true'))
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']);
}
const beatsAfter = (id: string, count: number) =>
  eventually(`${id} beats`, async () => {
    const all = await beats(id);
    return all.length > count ? all : undefined;
  });

async function settled(id: string): Promise<Container> {
  return eventually(
    `${id} is settled`,
    async () => {
      const found = await api.get(id);
      return found.operation === null ? found : undefined;
    },
    120_000,
  );
}

describe('a fork', () => {
  it('of a running machine gives three that go on from the same moment; the source beats on', async () => {
    const source = await api.createRunning({ ...MACHINE, name: 'fork-source' });
    await sh(source.id, `cat >/root/canary <<'END'\n${CANARY}END\nchmod +x /root/canary`);
    await sh(source.id, 'setsid /root/canary </dev/null >/dev/null 2>&1 &');
    const before = (await beatsAfter(source.id, 5)).length;
    const body = {
      target_project_id: stage.stack.bootstrap.project_id,
      stateful: true,
      count: 3,
      name: 'fork',
    };
    const startedAt = performance.now();
    const made = await api.expect<Container & { copies: Container[] }>(
      201,
      'POST',
      `/containers/${source.id}/copy`,
      body,
    );
    const forks = await Promise.all(made.body.data.copies.map(({ id }) => settled(id)));
    process.stdout.write(`three forks through the API: ${(performance.now() - startedAt).toFixed(0)} ms\n`);
    const [own] = await beatsAfter(source.id, before + 5);
    for (const fork of forks) {
      expect(fork, JSON.stringify(fork)).toMatchObject({ status: 'running', last_restored_as: 'memory' });
      const at = (await beats(fork.id)).length;
      const all = await beatsAfter(fork.id, at + 5);
      expect(all.map(([beat]) => beat)).toEqual(all.map((_, index) => index + 1));
      expect(new Set(all.map(([, name]) => name))).toEqual(new Set([own?.[1]]));
      expect((await sh(fork.id, 'hostname')).trim()).toBe(fork.name);
      expectLegalHistory(await api.history(fork.id));
    }
    expect(await api.get(source.id)).toMatchObject({ status: 'running', operation: null });
    for (const { id } of [...forks, source]) await api.expect(200, 'DELETE', `/containers/${id}`);
  }, 240_000);
});

describe('a sync', () => {
  it('brings a copy on btrfs up to date by what changed', async () => {
    const source = await api.createRunning(MACHINE);
    await sh(source.id, 'echo one > /root/canary');
    const body = { target_project_id: stage.stack.bootstrap.project_id };
    const made = await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body);
    const copy = await settled(made.body.data.id);
    expect(copy, JSON.stringify(copy)).toMatchObject({ status: 'running' });
    for (const word of ['two', 'three']) {
      await sh(source.id, `echo ${word} > /root/canary`);
      await api.expect(200, 'POST', `/containers/${copy.id}/sync`);
      expect(await settled(copy.id)).toMatchObject({ status: 'running' });
      expect(await sh(copy.id, 'cat /root/canary')).toBe(`${word}\n`);
    }
    for (const { id } of [copy, source]) await api.expect(200, 'DELETE', `/containers/${id}`);
  }, 180_000);
});

describe('a machine out of the warm pool', () => {
  it('runs when the create is answered, with name, variables and SSH key of its owner', async () => {
    const { stack } = stage;
    const database = openDatabase(stack.databaseUrl, stack.databaseToken);
    const pool = (size: number) =>
      setWarmPool(
        database,
        stack.bootstrap.server_name,
        { image: 'debian/13', ramdisk: false, size },
        Date.now(),
      );
    const plainAt = performance.now();
    const plain = await api.createRunning({ container_image: 'debian/13', bypass_prespawn: true });
    const plainMs = performance.now() - plainAt;
    await api.expect(200, 'DELETE', `/containers/${plain.id}`);

    await pool(2);
    await stack.restartDaemon();
    await stack.waitUntilReady();
    const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} owner`;
    const [ready, warmMs] = await eventually(
      'a machine is ready',
      async () => {
        const startedAt = performance.now();
        const made = await api.create({
          container_image: 'debian/13',
          environment_vars: { OWNER: 'me' },
          ssh_public_key: key,
        });
        if (made.status === 'running') return [made, performance.now() - startedAt] as const;
        await api.expect(200, 'DELETE', `/containers/${made.id}`);
        return undefined;
      },
      120_000,
    );
    process.stdout.write(
      `debian/13 until running: plain ${plainMs.toFixed(0)} ms, from the pool ${warmMs.toFixed(0)} ms\n`,
    );
    const seen = await sh(ready.id, 'hostname; cat /etc/environment /root/.ssh/authorized_keys');
    expect(seen).toContain(ready.name);
    expect(seen).toContain('OWNER');
    expect(seen).toContain(key);
    expectLegalHistory(await api.history(ready.id));
    await pool(0);
    await api.expect(200, 'DELETE', `/containers/${ready.id}`);
  }, 300_000);
});
