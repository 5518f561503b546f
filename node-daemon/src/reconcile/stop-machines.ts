import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { Journal } from '../journal/journal.ts';
import type { MachineTable } from '../journal/machine-table.ts';
import { observeMachine } from '../observe-machine.ts';
import { cleanStopMark } from './reconcile-at-start.ts';
import type { Reporter } from './reporter.ts';

const graceMs = 10_000;

export type StopMachinesOptions = {
  readonly journal: Journal;
  readonly machines: MachineTable;
  readonly drivers: DriverSet;
  readonly reporter: Reporter;
  readonly logger: Logger;
};

/**
 * Stops all machines when the daemon goes down with `--on-exit stop`. Running ones that start by themselves
 * stay recorded as running, so that the next start brings them back; the others are reported as stopped.
 */
export async function stopMachines(options: StopMachinesOptions): Promise<void> {
  const { journal, machines, drivers, reporter, logger } = options;
  journal.writeMeta(cleanStopMark, 'yes');
  const signal = new AbortController().signal;
  await Promise.all(
    machines.present().map(async (machine) => {
      const { containerId } = machine;
      const observed = await observeMachine(drivers, containerId);
      if (observed !== 'running' && observed !== 'paused') {
        await drivers.container.releaseMemory(containerId);
        return;
      }
      const ended =
        observed === 'running'
          ? await drivers.container.stop(containerId, graceMs, signal)
          : await drivers.container.kill(containerId);
      await drivers.network.detach(containerId);
      if (!ended.ok) {
        logger.error({ container_id: containerId, code: ended.failure.code }, 'machine could not be stopped');
        return;
      }
      await drivers.container.releaseMemory(containerId);
      const comesBack = observed === 'running' && machine.spec?.autostart === true;
      if (!comesBack) reporter.report(machine, 'stopped', 'host_stopping');
    }),
  );
}
