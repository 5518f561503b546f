/** `npm run demo`: the life of one container, each step with its time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readBootstrap, type Bootstrap } from './stack/bootstrap.ts';
import { lockHolder } from './stack/data-directory.ts';
import { execInContainer } from './stack/container-exec.ts';
import { removeStackData } from './stack/fresh.ts';
import { httpCall } from './stack/http-call.ts';
import { startStack } from './stack/stack.ts';
import { onStopRequest } from './stack/stop-request.ts';

const POLL_MS = 20;

interface Target {
  readonly bootstrap: Bootstrap;
  readonly hostFolder: string;
  readonly stop: () => Promise<void>;
}

/** The running stack of a data folder, else one of its own in a temporary folder. */
async function findTarget(dataDir: string): Promise<Target> {
  const bootstrap = lockHolder(dataDir) === null ? null : readBootstrap(join(dataDir, 'bootstrap.json'));
  if (bootstrap !== null) {
    process.stdout.write(`Using the running stack at ${bootstrap.base_url}\n`);
    return { bootstrap, hostFolder: join(dataDir, 'host'), stop: async () => {} };
  }
  process.stdout.write('No stack is running here; starting one for the demo.\n');
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  const stack = await startStack({
    dataDir: folder,
    onProgress: (line) => process.stdout.write(`… ${line}\n`),
  });
  return {
    bootstrap: stack.bootstrap,
    hostFolder: stack.data.hostFolder,
    async stop() {
      await stack.stop();
      await removeStackData(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** One API call; the envelope's `data`. Throws with the answer's own words when it is no success. */
async function call(
  bootstrap: Bootstrap,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const { status, json, text } = await httpCall(Number(new URL(bootstrap.base_url).port), {
    method,
    path: `/api/v1${path}`,
    headers: { authorization: `Bearer ${bootstrap.operator.token}` },
    ...(body === undefined ? {} : { body }),
  });
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
  const data = isRecord(json) ? json['data'] : undefined;
  return isRecord(data) ? data : {};
}

/** Runs a step and prints what it did and how long that took. */
async function step<T>(
  name: string,
  work: () => Promise<T>,
  describe: (result: T) => string = () => '',
): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  const duration = `${(performance.now() - startedAt).toFixed(0)} ms`;
  process.stdout.write(`  ${name.padEnd(10)} ${duration.padStart(8)}  ${describe(result)}\n`);
  return result;
}

async function waitUntilRunning(bootstrap: Bootstrap, id: string): Promise<void> {
  const deadline = performance.now() + bootstrap.container_timeout_s * 1000;
  while (performance.now() < deadline) {
    const { status, failure } = await call(bootstrap, 'GET', `/containers/${id}`);
    if (status === 'running') return;
    if (status === 'failed') throw new Error(`the container failed: ${JSON.stringify(failure)}`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  throw new Error(`the container did not run within ${bootstrap.container_timeout_s} s`);
}

function snapshotName(created: Record<string, unknown>): string {
  const { snapshot } = created;
  if (isRecord(snapshot) && typeof snapshot['name'] === 'string') return snapshot['name'];
  throw new Error('the answer to the snapshot names none');
}

/** Creates, uses and deletes one container. */
async function liveOneLife({ bootstrap, hostFolder }: Target): Promise<void> {
  const { project_id: project, server_id: server } = bootstrap;
  const name = `demo-${Date.now().toString(36)}`;
  const created = await step(
    'create',
    async () => {
      const body = { server_id: server, name };
      const container = await call(bootstrap, 'POST', `/projects/${project}/containers`, body);
      const id = String(container['id']);
      await waitUntilRunning(bootstrap, id);
      return { id, image: String(container['container_image']) };
    },
    ({ id, image }) => `${name} (${id}) runs ${image}`,
  );
  const { id } = created;
  const inside = (script: string): Promise<string> =>
    execInContainer(hostFolder, id, ['/bin/sh', '-c', script]);
  try {
    await step(
      'execute',
      () => inside('echo before > /root/note; uname -sr; id -un'),
      (text) => text.replaceAll('\n', ' '),
    );
    await step(
      'pause',
      () => call(bootstrap, 'POST', `/containers/${id}/pause`),
      () => 'its processes are frozen in memory',
    );
    await step(
      'resume',
      () => call(bootstrap, 'POST', `/containers/${id}/resume`),
      () => 'and go on where they were',
    );
    const snapshot = await step(
      'snapshot',
      async () =>
        snapshotName(await call(bootstrap, 'POST', `/containers/${id}/snapshots`, { stateful: false })),
      (made) => made,
    );
    await inside('echo after > /root/note');
    await step(
      'restore',
      () => call(bootstrap, 'PATCH', `/containers/${id}/snapshots/${snapshot}`),
      () => 'back to the snapshot',
    );
    await step(
      'verify',
      () => inside('cat /root/note'),
      (text) => `the note inside says "${text.trim()}"`,
    );
  } finally {
    await step('delete', () => call(bootstrap, 'DELETE', `/containers/${id}`));
  }
}

const { values } = parseArgs({ options: { 'data-dir': { type: 'string', default: '.data' } } });
let target: Target | undefined;
onStopRequest(async () => {
  await target?.stop();
  process.exit(130);
});
try {
  target = await findTarget(resolve(values['data-dir']));
  await liveOneLife(target);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await target?.stop();
}
