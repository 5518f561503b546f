import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { CopyPointTable } from '../journal/copy-point-table.ts';
import type { Journal } from '../journal/journal.ts';
import type { MachineRecord, MachineTable } from '../journal/machine-table.ts';
import type { OperationLog } from '../journal/operation-log.ts';
import { observeMachine } from '../observe-machine.ts';
import { quarantineMachine } from './quarantine.ts';
import { settleCopyPoints } from './settle-copy-points.ts';
import type { Reporter } from './reporter.ts';

export type ReconcileOptions = {
  readonly journal: Journal;
  readonly operations: OperationLog;
  readonly machines: MachineTable;
  readonly drivers: DriverSet;
  readonly copyPoints: CopyPointTable;
  readonly reporter: Reporter;
  readonly logger: Logger;
  readonly bootId: string;
  readonly now: () => number;
};

/** Set when the daemon stopped its machines on its way out, so that the next start brings them back. */
export const cleanStopMark = 'machines_stopped_by_daemon';
const bootMark = 'boot_id';

/**
 * Settles, before anything else is done, the difference between the journal and the host. Machines with
 * unfinished operations are left alone: their operations go on afterwards and say what came of it.
 */
export async function reconcileAtStart(options: ReconcileOptions): Promise<void> {
  const { journal, operations, machines, drivers, logger } = options;
  const previousBootId = journal.readMeta(bootMark);
  const rebooted = previousBootId !== undefined && previousBootId !== options.bootId;
  const stoppedByDaemon = journal.readMeta(cleanStopMark) === 'yes';
  const busy = new Set(operations.unfinished().map(({ dispatch }) => dispatch.container_id));
  for (const machine of machines.present()) {
    if (busy.has(machine.containerId)) continue;
    await settleMachine(options, machine, rebooted || stoppedByDaemon);
    if (!machine.quarantined) await settleCopyPoints(options, machine.containerId);
  }
  const owned = new Set([...machines.present().map((machine) => machine.containerId), ...busy]);
  for (const containerId of await listEverything(drivers)) {
    if (owned.has(containerId)) continue;
    await settleUnowned(options, containerId);
  }
  journal.transaction(() => {
    journal.writeMeta(bootMark, options.bootId);
    journal.writeMeta(cleanStopMark, 'no');
    operations.prune();
    machines.prune();
  });
  logger.info({ machines: owned.size, unfinished: busy.size, rebooted }, 'reconciled with the host');
}

async function settleMachine(
  options: ReconcileOptions,
  machine: MachineRecord,
  cameBack: boolean,
): Promise<void> {
  const { drivers, reporter, logger } = options;
  const { containerId } = machine;
  const observed = await observeMachine(drivers, containerId);
  if (machine.quarantined) {
    if (observed === 'running' || observed === 'paused') await quarantineMachine(options, containerId);
    return;
  }
  if (observed === machine.state) {
    if (observed === 'running') logger.info({ container_id: containerId }, 'machine adopted');
    return;
  }
  const ended = observed === 'stopped' && (machine.state === 'running' || machine.state === 'paused');
  if (!ended) {
    reporter.report(machine, observed, 'reconciliation');
    return;
  }
  await drivers.container.kill(containerId);
  await drivers.network.detach(containerId);
  if (!cameBack) reporter.report(machine, 'stopped', 'init_exited');
  else if (machine.state === 'running' && machine.spec?.autostart === true) await autostart(options, machine);
  else reporter.report(machine, 'stopped', 'host_started');
}

async function autostart(options: ReconcileOptions, machine: MachineRecord): Promise<void> {
  const { drivers, reporter, logger } = options;
  if (machine.spec === undefined) return;
  const wanted = { incarnation: machine.incarnation, spec: machine.spec };
  const started = await drivers.container.start({
    machine: wanted,
    volume: drivers.storage.volumePath(machine.containerId),
    attachNetwork: (initPid) => drivers.network.attach(wanted, initPid),
  });
  if (started.ok) {
    reporter.report(machine, 'running', 'autostart');
    return;
  }
  logger.error({ container_id: machine.containerId, code: started.failure.code }, 'autostart failed');
  reporter.report(machine, await observeMachine(drivers, machine.containerId), 'host_started');
}

/** What no record tells of: a machine with data is quarantined, mere leftovers are cleared away. */
async function settleUnowned(options: ReconcileOptions, containerId: string): Promise<void> {
  const { drivers, logger } = options;
  const hasData =
    (await drivers.storage.hasVolume(containerId)) ||
    (await drivers.container.observe(containerId)).initPid !== null;
  if (hasData) return quarantineMachine(options, containerId);
  await drivers.container.kill(containerId);
  await drivers.network.release(containerId);
  await drivers.storage.deleteVolume(containerId);
  await drivers.container.remove(containerId);
  logger.info({ container_id: containerId }, 'leftovers cleared');
}

async function listEverything(drivers: DriverSet): Promise<Set<string>> {
  const lists = await Promise.all([
    drivers.container.list(),
    drivers.storage.listVolumes(),
    drivers.network.list(),
  ]);
  return new Set(lists.flat().filter((name) => /^[0-9a-f]{24}$/.test(name)));
}
