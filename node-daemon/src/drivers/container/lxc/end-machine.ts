import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, type Outcome } from '../../../outcome.ts';
import { isAlive, readProcess, signalProcess, type ProcessIdentity } from '../namespaces/processes.ts';
import type { MachineCgroups } from './machine-cgroups.ts';
import type { MachineRecords } from './machine-records.ts';

const killTimeoutMs = 10_000;
/** How long LXC's monitor may take to end by itself once its machine is gone; it takes a few milliseconds. */
const monitorGraceMs = 1_000;
const pollMs = 1;
/** SIGRTMIN+4: systemd powers off. */
const systemdPowerOff = 38;

export type EndContext = { readonly records: MachineRecords; readonly cgroups: MachineCgroups };

/**
 * Ends every process of a machine at once, frozen or not, then its monitor, and removes their groups.
 * `lxc-stop -k` is not used: it always waits for half a second.
 */
export async function killMachine(context: EndContext, containerId: string): Promise<Outcome<undefined>> {
  const { records, cgroups } = context;
  const recorded = records.processes(containerId);
  const startedAt = performance.now();
  for (;;) {
    const members = living(cgroups.processes(containerId));
    const init = recorded !== undefined && isAlive(recorded.init) ? [recorded.init] : [];
    const monitor = living(cgroups.monitorProcesses(containerId));
    if (recorded !== undefined && isAlive(recorded.monitor)) monitor.push(recorded.monitor);
    if (members.length + init.length + monitor.length === 0) break;
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > killTimeoutMs) {
      return fail('DRIVER_FAILED', 'The machine’s processes could not be ended.');
    }
    // Pid 1 first: the kernel then ends its whole namespace.
    for (const identity of [...init, ...members]) signalProcess(identity, 'SIGKILL');
    // Frozen processes of version 1 die only when they are let go.
    if (members.length > 0) cgroups.tree.thaw(containerId);
    // A half-made boot has a monitor that waits for a daemon which is gone.
    const isOrphan = recorded === undefined && init.length + members.length === 0;
    if (isOrphan || elapsedMs > monitorGraceMs) for (const each of monitor) signalProcess(each, 'SIGKILL');
    await delay(pollMs);
  }
  records.forgetProcesses(containerId);
  return cgroups.remove(containerId);
}

/** Asks pid 1 to end everything, waits `graceMs`, then kills. An abort of `signal` ends the waiting. */
export async function stopMachine(
  context: EndContext,
  containerId: string,
  graceMs: number,
  signal: AbortSignal,
): Promise<Outcome<undefined>> {
  const init = context.records.livingInit(containerId);
  if (init !== undefined) {
    sendPowerOff(init);
    context.cgroups.tree.thaw(containerId);
    const deadline = performance.now() + graceMs;
    while (isAlive(init) && performance.now() < deadline) {
      if (signal.aborted) {
        return fail('CANCELLED', 'The stop was cancelled while the machine was shutting down.');
      }
      await delay(pollMs);
    }
  }
  return killMachine(context, containerId);
}

/** What each init takes as the wish to power off; the kernel drops what pid 1 does not handle. */
export function powerOffSignal(executable: string): number | NodeJS.Signals {
  const name = executable.split('/').at(-1) ?? '';
  if (name.startsWith('systemd')) return systemdPowerOff;
  return name.startsWith('busybox') ? 'SIGUSR2' : 'SIGPWR';
}

function sendPowerOff(init: ProcessIdentity): void {
  if (!isAlive(init)) return;
  try {
    process.kill(init.pid, powerOffSignal(readlinkSync(`/proc/${init.pid}/exe`)));
  } catch {
    // It ended in between: what the signal was for has happened.
  }
}

function living(pids: readonly number[]): ProcessIdentity[] {
  return pids
    .map(readProcess)
    .filter((status) => status !== undefined)
    .filter(isAlive);
}
