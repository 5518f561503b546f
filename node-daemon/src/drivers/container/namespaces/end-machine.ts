import { setTimeout as delay } from 'node:timers/promises';
import { fail, type Outcome } from '../../../outcome.ts';
import type { CgroupTree } from '../cgroups/cgroup-tree.ts';
import type { MachineRegistry } from './machine-registry.ts';
import { isAlive, readProcess, signalProcess, type ProcessIdentity } from './processes.ts';
import { thawBySignal } from './signal-freezer.ts';

const killTimeoutMs = 10_000;
const pollMs = 1;

export type EndContext = { readonly registry: MachineRegistry; readonly cgroups: CgroupTree };

/** Ends every process of a machine by SIGKILL, frozen or not, and returns when none is left. */
export async function killMachine(context: EndContext, containerId: string): Promise<Outcome<undefined>> {
  const { registry, cgroups } = context;
  const recorded = registry.processes(containerId);
  const deadline = performance.now() + killTimeoutMs;
  // Pid 1 first: the kernel then ends its whole namespace, and its parent ends by itself.
  // Without a record only half-made boots are possible; the groups hold them, where there are groups.
  const stray =
    recorded === undefined && !cgroups.tracksProcesses
      ? (registry.findMonitors().get(containerId) ?? [])
      : [];
  const own: ProcessIdentity[] = recorded === undefined ? stray : [recorded.init, recorded.monitor];
  for (;;) {
    const members = cgroups
      .processes(containerId)
      .map(readProcess)
      .filter((status) => status !== undefined);
    const left = [...own, ...members].filter(isAlive);
    if (left.length === 0) break;
    if (performance.now() > deadline)
      return fail('DRIVER_FAILED', 'The machine’s processes could not be ended.');
    for (const identity of left) signalProcess(identity, 'SIGKILL');
    // Frozen processes of version 1 die only when they are let go.
    cgroups.thaw(containerId);
    await delay(pollMs);
  }
  registry.forgetProcesses(containerId);
  return cgroups.remove(containerId);
}

/** Asks pid 1 to end everything, waits `graceMs`, then kills. An abort of `signal` ends the waiting. */
export async function stopMachine(
  context: EndContext,
  containerId: string,
  graceMs: number,
  signal: AbortSignal,
): Promise<Outcome<undefined>> {
  const { registry, cgroups } = context;
  const init = registry.livingInit(containerId);
  if (init !== undefined) {
    signalProcess(init, 'SIGTERM');
    cgroups.thaw(containerId);
    if (!cgroups.canFreeze) thawBySignal(init.pid);
    const deadline = performance.now() + graceMs;
    while (isAlive(init) && performance.now() < deadline) {
      if (signal.aborted)
        return fail('CANCELLED', 'The stop was cancelled while the machine was shutting down.');
      await delay(pollMs);
    }
  }
  return killMachine(context, containerId);
}
