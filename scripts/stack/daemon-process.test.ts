import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDaemonProcess, endLeftoverDaemon, type DaemonProcess } from './daemon-process.ts';

let folder: string;
let daemon: DaemonProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daemon-'));
});
afterEach(async () => {
  await daemon?.kill();
  await rm(folder, { recursive: true });
});

const run = (script: string): DaemonProcess => {
  daemon = createDaemonProcess({
    command: process.execPath,
    arguments: ['-e', script],
    environment: process.env,
    logFile: join(folder, 'daemon.log'),
    pidFile: join(folder, 'daemon.pid'),
  });
  daemon.start();
  return daemon;
};
const log = (): string => readFileSync(join(folder, 'daemon.log'), 'utf8');
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const PATIENT = `console.log('up'); process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); setInterval(() => {}, 1000);`;

it('stops with SIGTERM and lets the daemon end by itself', async () => {
  const { stop, pid } = run(PATIENT);
  await vi.waitFor(() => expect(log()).toContain('up'));
  await stop();
  expect(log()).toContain('bye');
  expect(pid()).toBeNull();
});

it('starts it again when it dies, with a new process', async () => {
  const { pid } = run(PATIENT);
  const first = pid() ?? 0;
  await vi.waitFor(() => expect(log()).toContain('up'));
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(log().match(/up/g)).toHaveLength(2), { timeout: 10_000 });
  expect(pid()).not.toBe(first);
});

it('leaves it dead after kill until it is started again', async () => {
  const { kill, start, pid } = run(PATIENT);
  const first = pid() ?? 0;
  await kill();
  expect(isAlive(first)).toBe(false);
  expect(pid()).toBeNull();
  start();
  expect(pid()).not.toBeNull();
});

it('finds and ends a daemon that outlived its stack, and only that process', async () => {
  const { pid } = run(PATIENT);
  const orphan = pid() ?? 0;
  await vi.waitFor(() => expect(log()).toContain('up'));
  const pidFile = join(folder, 'orphan.pid');
  await copyFile(join(folder, 'daemon.pid'), pidFile);
  await endLeftoverDaemon(pidFile);
  expect(isAlive(orphan)).toBe(false);
  await writeFile(pidFile, `${process.pid} 1`);
  await endLeftoverDaemon(pidFile);
  await endLeftoverDaemon(join(folder, 'missing.pid'));
  expect(isAlive(process.pid)).toBe(true);
});
