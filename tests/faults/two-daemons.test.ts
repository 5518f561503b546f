import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { ApiClient, eventually } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

/** What of a host's data makes its identity. */
const identityFiles = ['host-key.pem', 'identity.json'];
const folder = mkdtempSync(join(tmpdir(), 'twin-'));
let fixture: Awaited<ReturnType<typeof temporaryStack>>;
let api: ApiClient;
let twin: DaemonProcess;

beforeAll(async () => {
  fixture = await temporaryStack();
  api = new ApiClient(fixture.stack);
  for (const name of identityFiles) cpSync(join(fixture.stack.data.hostFolder, name), join(folder, name));
  const { baseUrl } = fixture.stack;
  twin = new DaemonProcess({ dataDir: folder, controlUrl: baseUrl, joinToken: '0'.repeat(64) });
});
afterAll(async () => {
  await twin.kill();
  await fixture.release();
  rmSync(folder, { recursive: true, force: true });
});

it('of two daemons with one identity the second is refused by name, and the first goes on undisturbed', async () => {
  const { id } = await api.createRunning();
  await twin.ready();
  await eventually('the refusal', async () => {
    const { last_refusal: refusal } = await twin.ready();
    return refusal === 'HOST_IDENTITY_IN_USE' ? true : undefined;
  });
  expect((await twin.ready()).link_up).toBe(false);
  expect(twin.output).toContain('was the data directory copied?');
  await api.expect(200, 'POST', `/containers/${id}/pause`);
  await api.expect(200, 'POST', `/containers/${id}/resume`);
  expect((await api.get(id)).status).toBe('running');
  expect((await twin.ready()).link_up).toBe(false);
  await api.expect(200, 'DELETE', `/containers/${id}`);
});

it('a daemon that was killed and started anew is let in again', async () => {
  await twin.kill();
  await fixture.stack.restartDaemon();
  await fixture.stack.waitUntilReady();
  const { id } = await api.createRunning();
  await api.expect(200, 'DELETE', `/containers/${id}`);
}, 90_000);
