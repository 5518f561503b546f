import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readBootstrap } from './bootstrap.ts';
import { execInContainer } from './container-exec.ts';
import { removeStackData } from './fresh.ts';
import { httpCall } from './http-call.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { startStack, type Stack } from './stack.ts';

let folder: string;
let stack: Stack | undefined;
let command: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whole-'));
});
afterEach(async () => {
  if (command?.exitCode === null) {
    command.kill('SIGTERM');
    await once(command, 'exit');
  }
  await stack?.stop();
  stack = undefined;
  await removeStackData(folder);
  await rm(folder, { recursive: true });
});

/** Command lines of living processes that name the folder. */
function processesOf(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(path));
}

/** Ids of the processes of a pid namespace. */
function processesIn(namespace: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/ns/pid`) === namespace;
    } catch {
      return false;
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

it('is ready with its host, gets ready again after the daemon died, and leaves no process', async () => {
  stack = await startStack({ dataDir: folder });
  const { port } = stack;
  const health = (): Promise<number> => httpCall(port, { path: '/healthz' }).then(({ status }) => status);
  expect(await health()).toBe(200);
  await stack.killDaemon();
  expect(stack.daemonPid()).toBeNull();
  await vi.waitFor(async () => expect(await health()).toBe(503), { timeout: 60_000, interval: 100 });
  stack.startDaemon();
  await stack.waitUntilReady();
  await stack.restartDaemon();
  await stack.restartWorkerd();
  await stack.waitUntilReady();
  await stack.stop();
  expect(processesOf(folder)).toEqual([]);
});

it('keeps its host and accounts over a stop and a start', async () => {
  stack = await startStack({ dataDir: folder });
  const before = stack.bootstrap;
  await stack.stop();
  stack = await startStack({ dataDir: folder });
  expect(stack.bootstrap.server_id).toBe(before.server_id);
  expect(stack.bootstrap.operator).toEqual(before.operator);
  const answer = await httpCall(stack.port, {
    path: '/api/v1/projects/',
    headers: { authorization: `Bearer ${stack.bootstrap.operator.token}` },
  });
  expect(answer.status).toBe(200);
});

it('is removed with its containers after stack and daemon were both killed', async () => {
  const script = `
    import { startStack } from ${JSON.stringify(join(import.meta.dirname, 'stack.ts'))};
    const stack = await startStack({ dataDir: ${JSON.stringify(folder)} });
    console.log(JSON.stringify({ port: stack.port, daemon: stack.daemonPid() }));`;
  const runner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(runner.stdout, 'data')) as [Buffer];
  const { port, daemon } = JSON.parse(line.toString()) as { port: number; daemon: number };
  const bootstrap = readBootstrap(join(folder, 'bootstrap.json'));
  const created = await httpCall(port, {
    method: 'POST',
    path: `/api/v1/projects/${bootstrap?.project_id}/containers`,
    headers: { authorization: `Bearer ${bootstrap?.operator.token}` },
    body: { server_id: bootstrap?.server_id, name: 'orphan' },
  });
  expect(created.status).toBe(201);
  const { id } = (created.json as { data: { id: string } }).data;
  const inside = (): Promise<string> =>
    execInContainer(join(folder, 'host'), id, ['/bin/readlink', '/proc/self/ns/pid']);
  const namespace = await vi.waitFor(inside, { timeout: 20_000, interval: 50 });
  runner.kill('SIGKILL');
  await once(runner, 'exit');
  process.kill(daemon, 'SIGKILL');
  expect(processesIn(namespace.trim())).not.toEqual([]);
  await removeStackData(folder);
  expect(processesIn(namespace.trim())).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

it('runs by npm start, carries the demo, stops by one ctrl-C and leaves nothing running', async () => {
  const port = await freePort();
  const started = spawn('node', ['scripts/start.mjs', '--port', String(port), '--data-dir', folder], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  command = started;
  let output = '';
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await vi.waitFor(() => expect(output).toContain('ctrl-C stops everything.'), {
    timeout: 60_000,
    interval: 50,
  });
  const bootstrap = readBootstrap(join(folder, 'bootstrap.json'));
  expect(bootstrap?.base_url).toBe(`http://127.0.0.1:${port}`);
  expect(output).toContain(bootstrap?.operator.token);
  expect(output).toContain(
    `curl -X POST http://127.0.0.1:${port}/api/v1/projects/${bootstrap?.project_id}/containers`,
  );

  const demo = spawn(process.execPath, ['scripts/demo.ts', '--data-dir', folder], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let steps = '';
  demo.stdout.on('data', (chunk: Buffer) => (steps += chunk.toString()));
  const [code] = (await once(demo, 'exit')) as [number | null];
  expect(steps).toContain('Using the running stack');
  expect(steps).toContain('the note inside says "before"');
  expect(code).toBe(0);

  const ended = once(started, 'exit');
  started.kill('SIGINT');
  const [exitCode] = (await ended) as [number | null];
  expect(exitCode).toBe(0);
  expect(existsSync(join(folder, 'stack.lock'))).toBe(false);
  expect(processesOf(folder)).toEqual([]);
});
