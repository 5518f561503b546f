import { spawn } from 'node:child_process';
import { fail, succeed, systemErrorCode, type Outcome } from '../../../outcome.ts';
import type { ExecuteRequest, ExecuteResult } from '../../types.ts';
import { droppedCapabilities } from './boot.ts';
import type { IsolationMode } from './mount-tables.ts';

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const timeoutExitCode = 124;
/** Enters the machine's groups first, so that what runs is limited, frozen and ended with the machine. */
const joinScript =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n - 1)); done; exec "$@"';

export type EnterRequest = {
  readonly initPid: number;
  readonly mode: IsolationMode;
  readonly cgroupJoins: readonly string[];
  readonly machineEnvironment: Readonly<Record<string, string>>;
};

/** Runs a command inside a machine as its root, with its environment, and collects what it prints. */
export async function executeInMachine(
  enter: EnterRequest,
  request: ExecuteRequest,
): Promise<Outcome<ExecuteResult>> {
  const child = spawn('/bin/sh', ['-c', joinScript, 'sh', ...enterArguments(enter, request)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? searchPath },
  });
  const stdout = collect(child.stdout, request.outputBytesMax);
  const stderr = collect(child.stderr, request.outputBytesMax);
  child.stdin.on('error', () => undefined);
  child.stdin.end(request.stdin ?? undefined);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
    // A process that left the group may hold the pipes: do not wait for it.
    child.stdout.destroy();
    child.stderr.destroy();
  }, request.timeoutMs);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
    });
    return succeed({
      exitCode: timedOut ? timeoutExitCode : exitCode,
      stdout: stdout.take(),
      stderr: stderr.take(),
      truncated: stdout.truncated() || stderr.truncated(),
      timedOut,
    });
  } catch (error) {
    if (systemErrorCode(error) === 'E2BIG') return fail('DRIVER_FAILED', 'The command is too long.');
    return fail('DRIVER_FAILED', 'The command could not be run.');
  } finally {
    clearTimeout(timer);
  }
}

function enterArguments(enter: EnterRequest, request: ExecuteRequest): string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid'];
  if (enter.cgroupJoins.length > 0) namespaces.push('--cgroup');
  if (enter.mode !== 'plain') namespaces.push('--user', '--root');
  if (enter.mode === 'user') namespaces.push('--preserve-credentials');
  const variables = {
    PATH: searchPath,
    HOME: '/root',
    USER: 'root',
    LOGNAME: 'root',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    container: 'namespaces',
    ...enter.machineEnvironment,
    ...request.environment,
  };
  // Without a user namespace the capabilities go first, by programs of the staging root: never by the machine's.
  const drop = [
    'setpriv',
    '--no-new-privs',
    `--bounding-set=${droppedCapabilities.map((name) => `-${name}`).join(',')}`,
  ];
  return [
    String(enter.cgroupJoins.length),
    ...enter.cgroupJoins,
    'nsenter',
    `--target=${enter.initPid}`,
    ...namespaces,
    '--',
    ...(enter.mode === 'plain' ? [...drop, 'chroot', '/boot'] : []),
    'env',
    '-i',
    '-C',
    '/root',
    '--',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...request.argv,
  ];
}

/** Keeps the first `bytesMax` bytes of a stream and reads the rest without keeping it. */
function collect(
  stream: NodeJS.ReadableStream,
  bytesMax: number,
): { take: () => Buffer; truncated: () => boolean } {
  const chunks: Buffer[] = [];
  let kept = 0;
  let truncated = false;
  stream.on('data', (chunk: Buffer) => {
    const room = bytesMax - kept;
    if (chunk.length > room) truncated = true;
    if (room <= 0) return;
    const part = chunk.subarray(0, room);
    chunks.push(part);
    kept += part.length;
  });
  stream.on('error', () => undefined);
  return { take: () => Buffer.concat(chunks), truncated: () => truncated };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 1;
}
