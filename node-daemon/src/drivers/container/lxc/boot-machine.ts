import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { fail, type Outcome } from '../../../outcome.ts';
import type { RunningProcesses } from '../namespaces/definition.ts';
import { readProcess, type ProcessIdentity } from '../namespaces/processes.ts';
import { lxcSearchPath, type LxcPaths } from './layout.ts';

/** Time within which pid 1 must be up; a boot takes some tens of milliseconds. */
const bootTimeoutMs = 60_000;
const fifoFlags = constants.O_RDWR | constants.O_NONBLOCK;

export type BootRequest = {
  readonly containerId: string;
  readonly lxcPath: string;
  readonly paths: LxcPaths;
  /** Called when groups and namespaces exist and before anything of the machine runs. */
  readonly prepare: (initPid: number) => Promise<Outcome<undefined>>;
};

/**
 * Starts a machine whose configuration is written, and returns its processes once pid 1 was let go. When
 * the daemon dies in the middle, the machine either waits at its gate or runs without a record: both are
 * found by their groups and ended before the next boot.
 */
export async function bootMachine(request: BootRequest): Promise<Outcome<RunningProcesses>> {
  const { paths, containerId, lxcPath } = request;
  const fifos = [paths.gateReady, paths.gateGo];
  for (const fifo of fifos) rmSync(fifo, { force: true });
  rmSync(paths.log, { force: true });
  await runBriefly({ command: 'mkfifo', argv: ['-m', '600', ...fifos] });
  const go = openSync(paths.gateGo, fifoFlags);
  const ready = new Socket({ fd: openSync(paths.gateReady, fifoFlags), readable: true, writable: false });
  // The monitor keeps what it is given here for as long as the machine runs: never a pipe.
  const child = spawn('/usr/bin/lxc-start', ['-P', lxcPath, '-n', containerId, '-d'], {
    cwd: '/',
    env: { PATH: lxcSearchPath },
    stdio: 'ignore',
    detached: true,
  });
  const ended = exitOf(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), bootTimeoutMs);
  try {
    const initPid = await Promise.race([firstNumber(ready), ended.then(() => undefined)]);
    const init = initPid === undefined ? undefined : readProcess(initPid);
    if (init === undefined) return notBooted(paths);
    const prepared = await request.prepare(init.pid);
    if (!prepared.ok) return prepared;
    writeSync(go, 'go\n');
    if ((await ended) !== 0) return notBooted(paths);
    const monitor = readProcess(init.parentPid);
    if (monitor === undefined) return notBooted(paths);
    return { ok: true, value: { init: identityOf(init), monitor: identityOf(monitor) } };
  } finally {
    clearTimeout(timer);
    ready.destroy();
    closeSync(go);
    // Without them the hook ends at once when the machine boots itself anew: that is the daemon's to do.
    for (const fifo of fifos) rmSync(fifo, { force: true });
  }
}

/** Gives the exit code; null when the program could not be run or was killed. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
}

function firstNumber(stream: Socket): Promise<number> {
  return new Promise((resolve) => {
    stream.on('error', () => undefined);
    stream.once('data', (chunk: Buffer) => resolve(Number.parseInt(chunk.toString(), 10)));
  });
}

function identityOf({ pid, startTicks }: ProcessIdentity): ProcessIdentity {
  return { pid, startTicks };
}

function notBooted(paths: LxcPaths): Outcome<never> {
  const log = existsSync(paths.log) ? readFileSync(paths.log, 'utf8') : '';
  if (/No such file or directory - Failed to exec|Failed to exec "\/sbin\/init"/.test(log)) {
    return fail('DRIVER_FAILED', 'The machine’s disk has no /sbin/init that can be run.');
  }
  return fail('DRIVER_FAILED', 'LXC could not start the machine; lxc.log in its directory has the cause.');
}
