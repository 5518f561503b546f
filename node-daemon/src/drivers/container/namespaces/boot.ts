import { spawn } from 'node:child_process';
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fail, describeError, done, type Outcome } from '../../../outcome.ts';
import type { RunningProcesses } from './definition.ts';
import type { MachinePaths } from './layout.ts';
import type { IsolationMode, MountTables } from './mount-tables.ts';
import { parseProcessStatus, readProcess, type ProcessIdentity } from './processes.ts';

const here = import.meta.dirname;
const script = path.join(here, 'boot.sh');
const readScript = (name: string): string => readFileSync(path.join(here, name), 'utf8');
const innerScript = readScript('inner.sh');
const finishScript = readScript('finish.sh');
const initScript = readScript('init.sh');

/** Time within which a machine's pid 1 must be up; a boot takes some tens of milliseconds. */
const bootTimeoutMs = 20_000;
/** Ids inside a machine: 0 to 65535. */
export const uidRangeSize = 65_536;

/** What a root without a user namespace must not be able to do. */
export const droppedCapabilities = [
  'audit_control', 'audit_read', 'block_suspend', 'bpf', 'checkpoint_restore', 'ipc_lock', 'ipc_owner',
  'lease', 'linux_immutable', 'mac_admin', 'mac_override', 'mknod', 'net_admin', 'perfmon', 'sys_admin',
  'sys_boot', 'sys_module', 'sys_nice', 'sys_pacct', 'sys_ptrace', 'sys_rawio', 'sys_resource', 'sys_time',
  'sys_tty_config', 'syslog', 'wake_alarm',
]; // prettier-ignore

export type BootRequest = {
  readonly containerId: string;
  readonly hostname: string;
  readonly mode: IsolationMode;
  readonly rootUid: number;
  readonly volume: string;
  readonly paths: MachinePaths;
  readonly layout: { readonly stage: string; readonly devices: string; readonly inner: string };
  readonly tables: MountTables;
  /** Files of control groups to join by writing `0`. */
  readonly cgroupJoins: readonly string[];
  /** Environment of the machine, as `/etc/environment` text. */
  readonly environment: string;
  readonly sshPublicKey: string | null;
  /** Called with the machine's processes before anything of the machine runs: record them durably here. */
  readonly onReady: (running: RunningProcesses) => Promise<Outcome<undefined>>;
  /** Called when the machine's processes are gone. */
  readonly onExit: () => void;
};

/**
 * Starts a machine and returns once its pid 1 runs. The machine is independent of the daemon from then on.
 * If the daemon dies before it gave the order to go on, the half-made machine ends by itself.
 */
export async function bootMachine(request: BootRequest): Promise<Outcome<undefined>> {
  const { paths } = request;
  for (const [name, content] of Object.entries(request.tables)) {
    const file = path.join(paths.directory, name);
    writeFileSync(file, content);
    // Root inside reads the inner table through an open file.
    chmodSync(file, 0o644);
  }
  writeFileSync(paths.environment, request.environment, { mode: 0o600 });
  writeFileSync(paths.authorizedKeys, request.sshPublicKey === null ? '' : `${request.sshPublicKey}\n`, {
    mode: 0o600,
  });
  const log = openSync(paths.log, 'w', 0o600);
  const argv = ['--mount', '--propagation', 'private', '/bin/sh', script, 'outer'];
  const [command, commandArguments] =
    request.mode === 'user' ? ['/bin/sh', [script, 'outer']] : ['unshare', argv];
  const child = spawn(command, commandArguments, {
    detached: true,
    stdio: ['pipe', 'pipe', log],
    env: bootEnvironment(request),
    cwd: '/',
  });
  closeSync(log);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) return fail('DRIVER_FAILED', 'The machine could not be started.');
  stdin.on('error', () => undefined);
  child.unref();
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const timeout = AbortSignal.timeout(bootTimeoutMs);
  const abandon = (message: string): Outcome<undefined> => {
    stdin.destroy();
    if (child.pid !== undefined) killGroup(child.pid);
    return fail('DRIVER_FAILED', message);
  };
  const spawned = new Promise<'ended'>((resolve) => {
    child.once('error', () => resolve('ended'));
    child.once('exit', () => {
      resolve('ended');
      request.onExit();
    });
    timeout.addEventListener('abort', () => resolve('ended'), { once: true });
  });
  const nextAnswer = async (): Promise<string> => {
    const next = await Promise.race([answers.next(), spawned]);
    return next === 'ended' || next.done === true ? '' : next.value;
  };
  const first = await nextAnswer();
  const init = first.startsWith('init ') ? parseProcessStatus(first.slice('init '.length)) : undefined;
  const monitor = child.pid === undefined ? undefined : readProcess(child.pid);
  if (init === undefined || monitor === undefined)
    return abandon('The machine’s namespaces could not be made.');
  try {
    const ready = await request.onReady({ init: identityOf(init), monitor: identityOf(monitor) });
    if (!ready.ok) {
      abandon(ready.failure.message);
      return ready;
    }
    writeIdMaps(init.pid, request);
  } catch (error) {
    return abandon(`The machine could not be prepared: ${describeError(error)}`);
  }
  stdin.write('go\n');
  const second = await nextAnswer();
  stdin.destroy();
  stdout.destroy();
  return second === 'up'
    ? done
    : abandon('The machine’s tree could not be mounted or its init did not start.');
}

function identityOf(status: ProcessIdentity): ProcessIdentity {
  return { pid: status.pid, startTicks: status.startTicks };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function writeIdMaps(pid: number, request: BootRequest): void {
  if (request.mode === 'plain') return;
  if (request.mode === 'mapped') {
    const map = `0 ${request.rootUid} ${uidRangeSize}\n`;
    writeFileSync(`/proc/${pid}/uid_map`, map);
    writeFileSync(`/proc/${pid}/gid_map`, map);
    return;
  }
  // An ordinary user may map only itself, and only after giving up setgroups (user_namespaces(7)).
  writeFileSync(`/proc/${pid}/setgroups`, 'deny');
  writeFileSync(`/proc/${pid}/uid_map`, `0 ${process.geteuid?.() ?? 0} 1\n`);
  writeFileSync(`/proc/${pid}/gid_map`, `0 ${process.getegid?.() ?? 0} 1\n`);
}

function namespaceOptions(request: BootRequest): string[] {
  const options = ['--mount', '--pid', '--uts', '--ipc', '--net'];
  if (request.cgroupJoins.length > 0) options.push('--cgroup');
  if (request.mode !== 'plain') options.push('--user', '--keep-caps');
  return options;
}

function bootEnvironment(request: BootRequest): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    BOOT_CONTAINER: request.containerId,
    BOOT_MODE: request.mode,
    BOOT_CGROUPS: request.cgroupJoins.join(' '),
    BOOT_NAMESPACES: namespaceOptions(request).join(' '),
    BOOT_VOLUME: request.volume,
    BOOT_TABLES: request.paths.directory,
    BOOT_STAGE: request.layout.stage,
    BOOT_DEVICES: request.layout.devices,
    BOOT_ROOT: request.layout.inner,
    BOOT_HOSTNAME: request.hostname,
    BOOT_SSH: request.sshPublicKey === null ? 'no' : 'yes',
    BOOT_BOUNDING_SET: droppedCapabilities.map((name) => `-${name}`).join(','),
    BOOT_INNER: innerScript,
    BOOT_FINISH: finishScript,
    BOOT_INIT: initScript,
  };
}
