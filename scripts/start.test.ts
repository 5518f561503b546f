import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openDataDirectory } from './stack/data-directory.ts';

const folder = mkdtempSync(join(tmpdir(), 'start-'));
afterAll(() => rmSync(folder, { recursive: true }));

function start(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(import.meta.dirname, 'start.ts'), ...args], { encoding: 'utf8' });
}
async function freePort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return { port, release: () => new Promise((done) => server.close(() => done())) };
}

it('explains itself', () => {
  const { status, stdout } = start('--help');
  expect(status).toBe(0);
  for (const flag of ['--port', '--data-dir', '--driver', '--payments', '--fresh'])
    expect(stdout).toContain(flag);
});

it.each([['0'], ['65536'], ['http'], ['-1']])('refuses %s as a port', (port) => {
  const { status, stderr } = start(`--port=${port}`, '--data-dir', folder);
  expect(status).toBe(1);
  expect(stderr).toContain('--port takes a number');
});

it('refuses a way to pay that it does not know', () => {
  const { status, stderr } = start('--payments', 'cash', '--data-dir', folder);
  expect(status).toBe(1);
  expect(stderr).toContain('--payments takes emulated, environment, none');
});

it('names the way out when the port is taken', async () => {
  const { port, release } = await freePort();
  const { status, stderr } = start('--port', String(port), '--data-dir', folder);
  await release();
  expect(status).toBe(1);
  expect(stderr).toContain(`Port ${port} is taken`);
  expect(stderr).toContain('--port NUMBER');
});

it.each([[[]], [['--fresh']]])('does not touch a data folder on which a stack runs (%j)', async (flags) => {
  const { port, release } = await freePort();
  await release();
  const data = openDataDirectory(join(folder, 'busy'));
  const { status, stderr } = start('--port', String(port), '--data-dir', data.path, ...flags);
  data.release();
  expect(status).toBe(1);
  expect(stderr).toContain(`process ${process.pid}`);
  expect(stderr).toContain('--data-dir');
});
