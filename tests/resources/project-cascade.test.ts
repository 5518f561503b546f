/** A project with containers on a real host: what it uses, and how it goes away with them. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { at, clientOf, temporaryStack, textAt, type ApiClient } from './api-client.ts';

const REALM = 'c3'.repeat(12);
const CONTAINER_TIMEOUT_MS = 60_000;

let stack: Stack;
let dispose: () => Promise<void>;
let operator: ApiClient;
beforeAll(async () => {
  ({ stack, dispose } = await temporaryStack());
  operator = clientOf(stack, stack.bootstrap.admin_token);
}, 120_000);
afterAll(() => dispose());

const freshName = () => `c-${randomBytes(6).toString('hex')}`;
async function makeProject(body: object = {}): Promise<string> {
  return textAt(
    await operator.call('POST', '/projects/', { body: { alias: freshName(), ...body } }),
    'data',
    'id',
  );
}
async function makeContainer(projectId: string, body: object = {}): Promise<string> {
  const request = { server_id: stack.bootstrap.server_id, name: freshName(), ...body };
  const answer = await operator.call('POST', `/projects/${projectId}/containers`, { body: request });
  expect(answer.json).toMatchObject({ statusCode: 201 });
  return textAt(answer, 'data', 'id');
}
const statusOf = async (id: string) => at(await operator.call('GET', `/containers/${id}`), 'data', 'status');

it('images of the connected host are offered to everyone', async () => {
  const nobody = clientOf(stack, null);
  const list = await nobody.call('GET', '/images/public');
  const id = textAt(list, 'data', 'images', 0, 'id');
  expect((await nobody.call('GET', `/images/public/${id}`)).json).toMatchObject({
    statusCode: 200,
    data: { id },
  });
});

describe('a project with containers', () => {
  it('tells what each of them uses', async () => {
    const projectId = await makeProject();
    const id = await makeContainer(projectId);
    await expect.poll(() => statusOf(id), { timeout: CONTAINER_TIMEOUT_MS }).toBe('running');
    const stats = await operator.call('GET', `/projects/${projectId}/stats`);
    expect(stats.json).toMatchObject({
      data: { stats: [{ id, project_id: projectId, status: 'running' }], summary: { container_count: 1 } },
    });
    await operator.call('DELETE', `/projects/${projectId}`);
  }, 90_000);

  it('goes with all of them, running or still being made', async () => {
    const projectId = await makeProject();
    const running = await makeContainer(projectId);
    await expect.poll(() => statusOf(running), { timeout: CONTAINER_TIMEOUT_MS }).toBe('running');
    const young = await makeContainer(projectId);
    const removed = await operator.call('DELETE', `/projects/${projectId}?include_deleted_items=true`);
    expect(removed.json).toMatchObject({ statusCode: 200 });
    expect(at(removed, 'data', 'deleted', 'containers')).toBe(2);
    expect(removed.text).toContain(running);
    expect(removed.text).toContain(young);
    for (const path of [`/projects/${projectId}`, `/containers/${running}`, `/containers/${young}`]) {
      expect((await operator.call('GET', path)).status).toBe(404);
    }
  }, 90_000);

  it('is deleted by one of several requests at once', async () => {
    const projectId = await makeProject();
    await makeContainer(projectId);
    const attempts = Array.from({ length: 5 }, () => operator.call('DELETE', `/projects/${projectId}`));
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.every((status) => [200, 404, 409].includes(status))).toBe(true);
  }, 90_000);

  it('is not deleted from a realm that does not see all of them', async () => {
    const projectId = await makeProject({ realm_ids: [REALM] });
    const hidden = await makeContainer(projectId);
    const answer = await operator.call('DELETE', `/projects/${projectId}`, { realmId: REALM });
    expect(answer.json).toMatchObject({ statusCode: 403, code: 'INSUFFICIENT_PERMISSIONS' });
    expect((await operator.call('GET', `/containers/${hidden}`)).status).toBe(200);
    expect((await operator.call('PATCH', `/projects/${projectId}`, { body: { color: '#111' } })).status).toBe(
      200,
    );
    expect((await operator.call('DELETE', `/projects/${projectId}`)).status).toBe(200);
  }, 90_000);
});
