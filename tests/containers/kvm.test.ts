/** KVM is given to containers that are stopped, on servers that have it, and taken away again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { connectScriptedHost, type ScriptedHost } from '../resources/scripted-host.ts';
import { ApiClient, eventually } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;
let host: ScriptedHost;

beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false }));
  api = new ApiClient(stack);
  host = await connectScriptedHost(stack, { capabilities: { kvm: true } });
});
afterAll(() => release());

describe('the KVM switch', () => {
  it('works on a stopped container, by either name and either method, and its host hears of it', async () => {
    const { id } = await api.createRunning();
    await api.expect(409, 'PUT', `/containers/${id}/kvm`, { kvm: true });
    await api.expect(200, 'POST', `/containers/${id}/stop`);
    const on = await api.expect(200, 'PUT', `/containers/${id}/kvm`, { kvm: true });
    expect(on.body.data).toMatchObject({ id, status: 'stopped', kvm: true });
    const heard = await eventually('the host hears of it', async () =>
      host.dispatches.find((each) => each.container_id === id && each.command === 'update'),
    );
    expect(heard.spec.kvm).toBe(true);
    await api.expect(200, 'POST', `/containers/${id}/start`);
    const refused = await api.expect(409, 'PATCH', `/containers/${id}/kvm`, { dev_kvm: false });
    expect(refused.body.code).toBe('OPERATION_STATE_CONFLICT');
    expect(await api.get(id)).toMatchObject({ kvm: true, status: 'running' });
    await api.expect(200, 'POST', `/containers/${id}/stop`);
    const off = await api.expect(200, 'PATCH', `/containers/${id}/kvm`, { dev_kvm: false });
    expect(off.body.data).toMatchObject({ kvm: false });
    // What is as wanted already needs no host.
    await api.expect(200, 'PUT', `/containers/${id}/kvm`, { kvm: false });
  });

  it('refuses what makes no sense', async () => {
    const { id } = await api.createRunning();
    await api.expect(200, 'POST', `/containers/${id}/stop`);
    for (const body of [{}, { kvm: 'yes' }, { kvm: true, dev_kvm: false }, { kvm: true, more: 1 }]) {
      await api.expect(400, 'PUT', `/containers/${id}/kvm`, body);
    }
    await api.expect(404, 'PUT', `/containers/${'f'.repeat(24)}/kvm`, { kvm: true });
    expect(await api.get(id)).toMatchObject({ kvm: false });
  });
});
