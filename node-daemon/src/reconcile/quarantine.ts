import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { MachineTable } from '../journal/machine-table.ts';
import { observeMachine } from '../observe-machine.ts';

const graceMs = 10_000;

export type QuarantineOptions = {
  readonly drivers: DriverSet;
  readonly machines: MachineTable;
  readonly logger: Logger;
  readonly now: () => number;
};

/** Stops a machine that nobody owns, keeps all its data, and marks it. Repeating it is harmless. */
export async function quarantineMachine(options: QuarantineOptions, containerId: string): Promise<void> {
  const { drivers, machines, logger, now } = options;
  const known = machines.find(containerId);
  const definition = await drivers.container.definition(containerId);
  const state = await observeMachine(drivers, containerId);
  if (state === 'running') await drivers.container.stop(containerId, graceMs, new AbortController().signal);
  else await drivers.container.kill(containerId);
  await drivers.network.detach(containerId);
  machines.save(
    {
      containerId,
      incarnation: known?.incarnation ?? definition?.incarnation ?? 1,
      spec: known?.spec ?? definition?.spec,
      state: await observeMachine(drivers, containerId),
      quarantined: true,
      lastSequence: known?.lastSequence ?? 0,
    },
    now(),
  );
  logger.warn({ container_id: containerId }, 'machine is owned by nobody: stopped, its data kept');
}
