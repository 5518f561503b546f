import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { MachineTable } from '../journal/machine-table.ts';
import { observeMachine } from '../observe-machine.ts';
import type { Reporter } from './reporter.ts';

export type ExitWatchOptions = {
  readonly drivers: DriverSet;
  readonly machines: MachineTable;
  readonly reporter: Reporter;
  readonly logger: Logger;
  /** Whether an operation of this container runs or waits: its result will tell. */
  readonly isBusy: (containerId: string) => boolean;
};

/** Notices machines that ended by themselves, clears what is left of them and reports them. */
export class ExitWatch {
  readonly #options: ExitWatchOptions;
  readonly #settling = new Set<string>();
  #closed = false;

  constructor(options: ExitWatchOptions) {
    this.#options = options;
    options.drivers.container.onExit((containerId) => void this.settle(containerId));
  }

  /** Stops looking; what ends from now on is found at the next start. */
  close(): void {
    this.#closed = true;
  }

  /** Compares what a machine was told to be with what it is. */
  async settle(containerId: string): Promise<void> {
    const { drivers, machines, reporter, isBusy, logger } = this.#options;
    if (this.#closed || isBusy(containerId) || this.#settling.has(containerId)) return;
    this.#settling.add(containerId);
    try {
      const recorded = machines.find(containerId);
      if (recorded === undefined || (recorded.state !== 'running' && recorded.state !== 'paused')) return;
      const state = await observeMachine(drivers, containerId);
      if (state !== 'stopped' || isBusy(containerId) || this.#closed) return;
      // Reported before it is cleared: an operation that comes in between finds a stopped machine.
      reporter.report(recorded, 'stopped', 'init_exited');
      await drivers.container.kill(containerId);
      await drivers.network.detach(containerId);
    } catch (error) {
      logger.error({ err: error, container_id: containerId }, 'a machine’s end could not be settled');
    } finally {
      this.#settling.delete(containerId);
    }
  }
}
