/** The main job through every layer: router, api, object, host link, daemon, a real machine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execInContainer } from '../../scripts/stack/container-exec.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, eventually } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;

beforeAll(async () => {
  ({ stack, release } = await temporaryStack());
  api = new ApiClient(stack);
});
afterAll(() => release());

const run = (id: string, ...command: string[]) => execInContainer(stack.data.hostFolder, id, command);

describe('one POST gives a computer', () => {
  it('answers 201 `creating` with its URLs, runs, and lists', async () => {
    const created = await api.create({ name: 'first-box', hoody_kit: true, cpu: 1, memory: 0.5 });
    expect(created).toMatchObject({
      status: 'creating',
      name: 'first-box',
      cpu: 1,
      memory: 0.5,
      incarnation: 1,
    });
    const { project_id: projectId, server_name: serverName } = stack.bootstrap;
    expect(created.urls['terminal']).toBe(
      `https://${projectId}-${created.id}-terminal-1.${serverName}.containers.localhost`,
    );
    expect(await api.outcome(created.operation?.id ?? '')).toMatchObject({
      command: 'create',
      status: 'succeeded',
    });
    const listed = await api.expect<{ containers: { id: string; status: string }[] }>(
      200,
      'GET',
      '/containers',
    );
    expect(listed.body.data.containers).toContainEqual(
      expect.objectContaining({ id: created.id, status: 'running' }),
    );
    expect(await run(created.id, 'hostname')).toBe('first-box\n');
  });

  it('stops, starts, restarts and keeps its files', async () => {
    const { id } = await api.createRunning();
    await run(id, 'sh', '-c', 'echo kept > /root/note');
    for (const [operation, status] of [
      ['stop', 'stopped'],
      ['start', 'running'],
      ['restart', 'running'],
      ['force-stop', 'stopped'],
      ['start', 'running'],
    ] as const) {
      const answer = await api.expect(200, 'POST', `/containers/${id}/${operation}`);
      expect(answer.body.data).toMatchObject({ error: false, operation, container_id: id, status });
      expect((await api.get(id)).status).toBe(status);
    }
    expect(await run(id, 'cat', '/root/note')).toBe('kept\n');
    expectLegalHistory(await api.history(id));
  });

  it('pauses with its processes frozen and goes on where it was', async () => {
    const { id } = await api.createRunning();
    // Appended to, so that no reader finds it between two numbers.
    const counting = 'while :; do printf x >> /tmp/count; sleep 0.02; done';
    await run(id, 'sh', '-c', `(${counting}) >/dev/null 2>&1 &`);
    const count = async () => Number(await run(id, 'sh', '-c', 'wc -c < /tmp/count || echo 0'));
    await eventually('the counter counts', async () => ((await count()) > 3 ? true : undefined));
    await api.expect(200, 'POST', `/containers/${id}/pause`);
    expect((await api.get(id)).status).toBe('paused');
    await api.expect(200, 'POST', `/containers/${id}/resume`);
    const before = await count();
    expect(before).toBeGreaterThan(3);
    await eventually('the counter goes on', async () => ((await count()) > before ? true : undefined));
    expectLegalHistory(await api.history(id));
  });

  it('passes its environment, changes it, and says whether the live machine has it', async () => {
    const { id } = await api.createRunning({ environment_vars: { GREETING: 'hello' } });
    const greeting = async () => (await run(id, 'sh', '-c', 'echo $GREETING')).trim();
    expect(await greeting()).toBe('hello');
    const set = await api.expect(200, 'PUT', `/containers/${id}/env/GREETING`, { value: 'bye' });
    expect(set.body.data).toMatchObject({ environment_vars: { GREETING: 'bye' } });
    expect(await greeting()).toBe('bye');
    await api.expect(200, 'PATCH', `/containers/${id}/env`, { OTHER: '1' });
    await api.expect(200, 'DELETE', `/containers/${id}/env/GREETING`);
    await api.expect(200, 'DELETE', `/containers/${id}/env/GREETING`);
    const listed = await api.expect(200, 'GET', `/containers/${id}/env`);
    expect(listed.body.data).toEqual({ environment_vars: { OTHER: '1' } });
  });

  it('takes a snapshot of the filesystem and restores it, and says how', async () => {
    const { id } = await api.createRunning();
    await run(id, 'sh', '-c', 'echo one > /root/state');
    const taken = await api.expect<{ snapshot: { name: string; stateful: boolean; alias: string } }>(
      200,
      'POST',
      `/containers/${id}/snapshots`,
      { alias: 'before', expiry: 3 },
    );
    const { name } = taken.body.data.snapshot;
    expect(taken.body.data.snapshot).toMatchObject({ stateful: false, alias: 'before' });
    expect(name).toMatch(/^snap-\d{8}-\d{6}$/);
    await run(id, 'sh', '-c', 'echo two > /root/state');
    const before = await api.get(id);
    const restored = await api.expect(200, 'PATCH', `/containers/${id}/snapshots/${name}`);
    expect(restored.body.data).toMatchObject({ success: true, restored_as: 'cold' });
    expect(await run(id, 'cat', '/root/state')).toBe('one\n');
    expect(await api.get(id)).toMatchObject({
      status: 'running',
      incarnation: before.incarnation + 1,
      last_used_snapshot: name,
      last_restored_as: 'cold',
      snapshot_count: 1,
    });
    await api.expect(200, 'PUT', `/containers/${id}/snapshots/${name}/alias`, { alias: null });
    const listed = await api.expect(200, 'GET', `/containers/${id}/snapshots`);
    expect(listed.body.data).toMatchObject({ snapshot_count: 1, snapshots: [{ name, alias: null }] });
    await api.expect(200, 'DELETE', `/containers/${id}/snapshots/${name}`);
    await api.expect(404, 'PUT', `/containers/${id}/snapshots/${name}`);
    expectLegalHistory(await api.history(id));
  });

  it('refuses by name a snapshot with memory where the host can hold none', async () => {
    const { id } = await api.createRunning();
    const refused = await api.expect(409, 'POST', `/containers/${id}/snapshots`, { stateful: true });
    expect(refused.body).toMatchObject({
      code: 'CAPABILITY_MISSING',
      data: { capability: 'stateful_snapshot' },
    });
    expect(await api.get(id)).toMatchObject({ status: 'running', snapshot_count: 0 });
  });

  it('tells what it uses and what runs in it', async () => {
    const { id } = await api.createRunning();
    const stats = await api.expect(200, 'GET', `/containers/${id}/stats`);
    expect(stats.body.data).toMatchObject({ id, status: 'running' });
    expect(stats.body.data['processes']).toBeGreaterThan(0);
    const detail = await api.expect<{ runtime_info: { services: unknown[] } }>(
      200,
      'GET',
      `/containers/${id}?runtime=true`,
    );
    expect(detail.body.data.runtime_info.services.length).toBeGreaterThan(0);
  });

  it('reports on its own when init ends, as a transition with its cause', async () => {
    const { id } = await api.createRunning();
    // The command dies with the machine that it ends.
    await run(id, 'sh', '-c', 'kill -TERM 1').catch(() => '');
    await eventually('the container is stopped', async () =>
      (await api.get(id)).status === 'stopped' ? true : undefined,
    );
    const history = await api.history(id);
    expect(history.at(-1)).toMatchObject({
      to_status: 'stopped',
      metadata: { command: null, cause: 'init_exited' },
    });
    expectLegalHistory(history);
  });

  it('goes away: 200, then 404, its name free again and its history complete', async () => {
    const { id } = await api.createRunning({ name: 'short-lived' });
    const answer = await api.expect(200, 'DELETE', `/containers/${id}`);
    expect(answer.body).toMatchObject({ statusCode: 200, data: null });
    const gone = await api.expect(404, 'GET', `/containers/${id}`);
    expect(gone.body.code).toBe('CONTAINER_NOT_FOUND');
    await api.expect(404, 'POST', `/containers/${id}/start`);
    await api.createRunning({ name: 'short-lived' });
  });

  it('answers 202 at once when asked to, and holds the outcome for whoever waits', async () => {
    const { id } = await api.createRunning();
    const answer = await api.expect<{ id: string; url: string; status: string }>(
      202,
      'POST',
      `/containers/${id}/stop`,
      undefined,
      {
        headers: { prefer: 'respond-async' },
      },
    );
    expect(answer.headers['location']).toBe(answer.body.data.url);
    expect(await api.outcome(answer.body.data.id)).toMatchObject({
      command: 'stop',
      status: 'succeeded',
      container_id: id,
    });
    expect((await api.get(id)).status).toBe('stopped');
  });
});
