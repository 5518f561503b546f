/** One writer: whatever is fired at a container at once, its history is one legal serial story. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient } from '../support/api-client.ts';
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

const OPERATIONS = ['stop', 'pause', 'restart', 'resume', 'force-stop', 'start'] as const;

describe('20 conflicting operations at once', () => {
  it('each has one named outcome and the log reads as one legal serial history', async () => {
    const { id } = await api.createRunning();
    const fired = Array.from({ length: 20 }, (_, index) => OPERATIONS[index % OPERATIONS.length] ?? 'stop');
    const answers = await Promise.all(
      fired.map((operation) => api.call('POST', `/containers/${id}/${operation}`)),
    );
    for (const { status, body } of answers) {
      expect([200, 400, 409]).toContain(status);
      if (status === 400) expect(body.code).toBe('OPERATION_STATE_CONFLICT');
      if (status === 409) expect(body.code).toBe('CONTAINER_OPERATION_IN_PROGRESS');
    }
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    const history = await api.history(id);
    expectLegalHistory(history);
    expect(await api.get(id)).toMatchObject({ status: history.at(-1)?.to_status, operation: null });
  });

  it('the same operation joins the running one: one effect, the same outcome for all', async () => {
    const { id } = await api.createRunning();
    const before = (await api.history(id)).length;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.call('POST', `/containers/${id}/stop`)),
    );
    // A caller that came after the end finds a stopped container.
    for (const { status } of answers) expect([200, 400]).toContain(status);
    const history = await api.history(id);
    expect(history.length).toBe(before + 1);
    expectLegalHistory(history);
  });

  it('delete wins over whatever runs, and only once', async () => {
    const { id } = await api.createRunning();
    const [restart, ...deletes] = await Promise.all([
      api.call('POST', `/containers/${id}/restart`),
      ...Array.from({ length: 5 }, () => api.call('DELETE', `/containers/${id}`)),
    ]);
    for (const { status } of deletes) expect([200, 404]).toContain(status);
    expect(deletes.some(({ status }) => status === 200)).toBe(true);
    expect([200, 404, 409]).toContain(restart.status);
    if (restart.status === 409) {
      expect(['OPERATION_SUPERSEDED', 'CONTAINER_OPERATION_IN_PROGRESS']).toContain(restart.body.code);
    }
    await api.expect(404, 'GET', `/containers/${id}`);
  });

  it('deletes a container that is still being created', async () => {
    const { id } = await api.create();
    await api.expect(200, 'DELETE', `/containers/${id}`);
    await api.expect(404, 'GET', `/containers/${id}`);
  });

  it('makes one container of ten requests for the same name', async () => {
    const { project_id: projectId, server_id: serverId } = stack.bootstrap;
    const body = { server_id: serverId, name: 'the-one', hoody_kit: false };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.call('POST', `/projects/${projectId}/containers`, body)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, body: error } of answers) {
      if (status !== 201) expect(error).toMatchObject({ statusCode: 409, code: 'CONTAINER_NAME_IN_USE' });
    }
  });
});
