/** Operations survive anything: each has exactly one outcome, whatever dies in its middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const asynchronously = { headers: { prefer: 'respond-async' } };

/** Starts an operation without waiting for it; gives its id. */
async function begin(id: string, operation: string): Promise<string> {
  const answer = await api.expect<{ id: string }>(
    202,
    'POST',
    `/containers/${id}/${operation}`,
    undefined,
    asynchronously,
  );
  return answer.body.data.id;
}

/** The outcome, over however many requests it takes while the stack comes back. */
function settled(operationId: string): Promise<Record<string, unknown>> {
  return eventually(
    `operation ${operationId} has an outcome`,
    async () => {
      const answer = await api.call('GET', `/operations/${operationId}?wait=5`).catch(() => null);
      if (answer?.status !== 200) return undefined;
      return answer.body.data['finished_at'] === null ? undefined : answer.body.data;
    },
    90_000,
  );
}

async function expectOneOutcome(id: string, operationId: string): Promise<void> {
  const first = await settled(operationId);
  await stack.waitUntilReady();
  const rows = (await api.history(id)).filter(({ metadata }) => metadata.operation_id === operationId);
  expect(rows.filter(({ duration_ms: duration }) => duration !== null).length).toBeLessThanOrEqual(1);
  expect(await settled(operationId)).toEqual(first);
  expectLegalHistory(await api.history(id));
}

describe('the daemon dies in mid-operation', () => {
  it.each(['stop', 'pause', 'restart'])(
    '%s has one outcome and the container a true state',
    async (operation) => {
      const { id } = await api.createRunning();
      const operationId = await begin(id, operation);
      await stack.killDaemon();
      stack.startDaemon();
      await expectOneOutcome(id, operationId);
      const { status } = await api.get(id);
      const [next, after] =
        status === 'running'
          ? ['stop', 'stopped']
          : status === 'paused'
            ? ['resume', 'running']
            : ['start', 'running'];
      await api.expect(200, 'POST', `/containers/${id}/${next}`);
      expect((await api.get(id)).status).toBe(after);
    },
  );

  it('a create goes on when the daemon is back', async () => {
    const created = await api.create();
    await stack.killDaemon();
    stack.startDaemon();
    await expectOneOutcome(created.id, created.operation?.id ?? '');
    expect(['running', 'failed']).toContain((await api.get(created.id)).status);
  });

  it('running machines live on, and belong to the next daemon', async () => {
    const { id } = await api.createRunning();
    await stack.killDaemon();
    stack.startDaemon();
    await stack.waitUntilReady();
    await api.expect(200, 'POST', `/containers/${id}/pause`);
    await api.expect(200, 'POST', `/containers/${id}/resume`);
    expectLegalHistory(await api.history(id));
  });
});

describe('workerd dies in mid-operation', () => {
  it.each(['stop', 'restart'])('%s has one outcome', async (operation) => {
    const { id } = await api.createRunning();
    const operationId = await begin(id, operation);
    await stack.restartWorkerd();
    await expectOneOutcome(id, operationId);
  });

  it('a create that was answered is never lost', async () => {
    const created = await api.create();
    await stack.restartWorkerd();
    await expectOneOutcome(created.id, created.operation?.id ?? '');
    expect((await api.get(created.id)).status).toBe('running');
  });

  it('everything is as it was after the restart', async () => {
    const { id } = await api.createRunning({ comment: 'stays' });
    const before = await api.get(id);
    await stack.restartWorkerd();
    await stack.waitUntilReady();
    expect(await api.get(id)).toEqual(before);
  });
});

describe('the host is away', () => {
  it('commands are refused by name with nothing half made, a delete is taken and finished later', async () => {
    const { id } = await api.createRunning({ name: 'orphan-to-be' });
    const before = await api.get(id);
    await stack.killDaemon();
    await eventually(
      'the control plane notices',
      async () => {
        const answer = await api.call('GET', `/containers/${id}/stats`);
        return answer.status === 503 ? true : undefined;
      },
      60_000,
    );
    for (const act of [
      () => api.call('POST', `/containers/${id}/stop`),
      () => api.call('POST', `/containers/${id}/snapshots`, {}),
      () => api.call('PUT', `/containers/${id}/env/A`, { value: '1' }),
      () =>
        api.call('POST', `/projects/${stack.bootstrap.project_id}/containers`, {
          server_id: stack.bootstrap.server_id,
          name: 'never-made',
        }),
    ]) {
      expect(await act()).toMatchObject({ status: 503, body: { code: 'HOST_UNAVAILABLE' } });
    }
    expect(await api.get(id)).toEqual(before);
    await api.expect(200, 'DELETE', `/containers/${id}`);
    expect((await api.get(id)).status).toBe('deleting');
    stack.startDaemon();
    await stack.waitUntilReady();
    await eventually('the container is gone', async () =>
      (await api.call('GET', `/containers/${id}`)).status === 404 ? true : undefined,
    );
    // The name of what was refused is free, and so is the deleted one's.
    await api.createRunning({ name: 'never-made' });
    await api.createRunning({ name: 'orphan-to-be' });
  });
});
