import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localSocketPath } from '../local-api/protocol.ts';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { makeSpec, TestHost, whyNoMachines } from '../testing/test-host.ts';

const main = path.join(import.meta.dirname, '..', 'main.ts');

async function cli(
  argv: string[],
  stdin = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...argv], { stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

describe('the command line program', () => {
  it('shows help and version, and refuses nonsense with exit code 2', async () => {
    expect(await cli(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('node-daemon exec'),
    });
    expect(await cli(['version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await cli(['fly'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No command "fly"'),
    });
    expect(await cli(['status', '--data-dir', '/nowhere'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('UNREACHABLE'),
    });
    expect(await cli(['enroll', '--data-dir', '/nowhere'])).toMatchObject({ code: 2 });
  });
});

describe.skipIf(whyNoMachines() !== undefined)('the command line beside a daemon', () => {
  const host = new TestHost();
  const spec = makeSpec({ name: 'named box', environment_vars: { SECRET: 'not-to-be-shown' } });
  let daemon: DaemonProcess;
  beforeAll(async () => {
    await host.control.listen();
    daemon = await host.startDaemon();
    await host.control.run(spec, 'create');
  });
  afterAll(() => host.close());
  const at = ['--data-dir', host.dataDir];

  it('runs commands by id and by name, with input, environment and exit code', async () => {
    expect(await cli(['exec', ...at, spec.container_id, '--', 'echo', 'hello'])).toEqual({
      code: 0,
      stdout: 'hello\n',
      stderr: '',
    });
    const byName = await cli(
      ['exec', ...at, '--env', 'A=1=2', '--stdin', 'named box', '--', 'sh', '-c', 'cat; echo $A; exit 5'],
      'in\n',
    );
    expect(byName).toEqual({ code: 5, stdout: 'in\n1=2\n', stderr: '' });
    expect(await cli(['exec', ...at, 'nobody', '--', 'true'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('MACHINE_NOT_FOUND'),
    });
  });

  it('shows the status without secrets, over a socket that only the owner may use', async () => {
    const { stdout, stderr } = await cli(['status', ...at]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      link_up: true,
      driver_set: 'namespaces',
      development_only: true,
      machines: [{ state: 'running' }],
    });
    expect(stdout).not.toContain('not-to-be-shown');
    expect(statSync(localSocketPath(host.dataDir)).mode & 0o777).toBe(0o600);
    expect(daemon.output).not.toContain('not-to-be-shown');
    expect(daemon.output).not.toContain(host.control.joinToken);
  });

  it('serves metrics and health', async () => {
    const { metrics_port: port } = await daemon.ready();
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const line of [
      'node_daemon_operations_total{command="create",outcome="completed"} 1',
      'node_daemon_step_seconds_count{command="create",step="start-machine"} 1',
      'node_daemon_operation_seconds_count{command="create"} 1',
      'node_daemon_link_up 1',
      'node_daemon_machines{state="running"} 1',
    ]) {
      expect(metrics.split('\n')).toContain(line);
    }
    expect(metrics).toMatch(/^node_daemon_journal_bytes [1-9]\d+$/m);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404);
  });

  it('logs JSON with the ids of operation, container and request', () => {
    const lines = daemon.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'operation completed',
        operation_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        container_id: spec.container_id,
        request_id: expect.stringContaining('test-'),
      }),
    );
  });
});
