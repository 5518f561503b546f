/** A project with containers: what they use, and how it goes away with them, or stays when they can't go. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { at, clientOf, textAt, type ApiClient } from './api-client.ts';
import { connectScriptedHost, type ScriptedHost } from './scripted-host.ts';

const REALM = 'c3'.repeat(12);

let stack: Stack;
let release: (() => Promise<void>) | undefined;
let operator: ApiClient;
let host: ScriptedHost;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false }));
  operator = clientOf(stack, stack.bootstrap.admin_token);
  host = await connectScriptedHost(stack);
}, 120_000);
afterAll(() => release?.());

const freshName = () => `c-${randomBytes(6).toString('hex')}`;
async function makeProject(body: object = {}): Promise<string> {
  return textAt(
    await operator.call('POST', '/projects/', { body: { alias: freshName(), ...body } }),
    'data',
    'id',
  );
}
async function makeContainer(projectId: string): Promise<string> {
  const body = { server_id: stack.bootstrap.server_id, name: freshName() };
  return textAt(await operator.call('POST', `/projects/${projectId}/containers`, { body }), 'data', 'id');
}
async function makeRunning(projectId: string): Promise<string> {
  const id = await makeContainer(projectId);
  await expect.poll(async () => at(await read(`/containers/${id}`), 'data', 'status')).toBe('running');
  return id;
}
const read = (path: string) => operator.call('GET', path);
const remove = (projectId: string) =>
  operator.call('DELETE', `/projects/${projectId}?include_deleted_items=true`);

it('images of the connected host are offered to everyone', async () => {
  const nobody = clientOf(stack, null);
  const list = await nobody.call('GET', '/images/public?search=debian');
  const id = textAt(list, 'data', 'images', 0, 'id');
  expect((await nobody.call('GET', `/images/public/${id}`)).json).toMatchObject({
    statusCode: 200,
    data: { id, image_name: 'debian/13', serial: '1' },
  });
});

describe('a project with containers', () => {
  it('names each of them in its stats, also those that can not be measured', async () => {
    const projectId = await makeProject();
    const id = await makeRunning(projectId);
    expect((await read(`/projects/${projectId}/stats`)).json).toMatchObject({
      data: {
        stats: [{ id, project_id: projectId, status: 'running', cpu: null, memory: null }],
        summary: { container_count: 1 },
      },
    });
  });

  it('goes with all of them', async () => {
    const projectId = await makeProject();
    const ids = [await makeRunning(projectId), await makeRunning(projectId), await makeContainer(projectId)];
    const removed = await remove(projectId);
    expect(removed.json).toMatchObject({
      statusCode: 200,
      data: { deleted: { containers: 3, permissions: 0, aliases: 0 } },
    });
    for (const id of ids) {
      expect(removed.text).toContain(id);
      expect((await read(`/containers/${id}`)).status).toBe(404);
    }
    expect((await read(`/projects/${projectId}`)).status).toBe(404);
  });

  it('is deleted by one of several requests at once', async () => {
    const projectId = await makeProject();
    await makeRunning(projectId);
    const statuses = (await Promise.all(Array.from({ length: 5 }, () => remove(projectId)))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.every((status) => [200, 404, 409].includes(status))).toBe(true);
  });

  it('takes no container and no change while it is being deleted', async () => {
    const projectId = await makeProject();
    const id = await makeRunning(projectId);
    host.ignore('delete');
    const removing = remove(projectId);
    await expect.poll(async () => at(await read(`/containers/${id}`), 'data', 'status')).not.toBe('running');
    expect((await remove(projectId)).json).toMatchObject({
      statusCode: 409,
      code: 'PROJECT_DELETION_IN_PROGRESS',
    });
    const change = await operator.call('PATCH', `/projects/${projectId}`, { body: { color: '#111' } });
    expect(change.json).toMatchObject({ statusCode: 409, code: 'PROJECT_DELETION_IN_PROGRESS' });
    const body = { server_id: stack.bootstrap.server_id, name: freshName() };
    expect((await operator.call('POST', `/projects/${projectId}/containers`, { body })).status).toBe(404);
    host.answer('delete');
    expect((await removing).status).toBe(200);
  });

  it('is not deleted from a realm that does not see all of them', async () => {
    const projectId = await makeProject({ realm_ids: [REALM] });
    const hidden = await makeRunning(projectId);
    const answer = await operator.call('DELETE', `/projects/${projectId}`, { realmId: REALM });
    expect(answer.json).toMatchObject({ statusCode: 403, code: 'INSUFFICIENT_PERMISSIONS' });
    expect(at(await read(`/containers/${hidden}`), 'data', 'status')).toBe('running');
    const change = await operator.call('PATCH', `/projects/${projectId}`, { body: { color: '#111' } });
    expect(change.status).toBe(200);
    expect((await remove(projectId)).status).toBe(200);
  });

  it('stays, usable as before, when the host of a container is away', async () => {
    const projectId = await makeProject();
    const id = await makeRunning(projectId);
    await host.disconnect();
    const refused = await remove(projectId);
    expect(refused.json).toMatchObject({
      statusCode: 503,
      code: 'HOST_UNAVAILABLE',
      data: { failed: [{ id }] },
    });
    expect((await read(`/projects/${projectId}/stats`)).json).toMatchObject({
      data: { summary: { container_count: 0 } },
    });
    const change = await operator.call('PATCH', `/projects/${projectId}`, { body: { color: '#111' } });
    expect(change.status).toBe(200);
  }, 120_000);
});
