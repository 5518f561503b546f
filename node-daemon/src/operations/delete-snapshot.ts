import { isCopyPointName } from '../drivers/storage/copy-point-name.ts';
import { fail, succeed } from '../outcome.ts';
import type { OperationPlan, Step } from './step.ts';

const removeSnapshot: Step = {
  name: 'remove-snapshot',
  run: async ({ drivers, dispatch, transfers, copyPoints }) => {
    const { container_id: containerId } = dispatch;
    const name = dispatch.parameters.snapshot_name ?? '';
    const removed = await transfers.whileNotSending(containerId, () =>
      drivers.storage.deleteSnapshot(containerId, name),
    );
    if (removed.ok) copyPoints.removeTravelled(containerId, name);
    return removed;
  },
};

/** Removes one snapshot; the machine is not touched. */
export const deleteSnapshot: OperationPlan = {
  check: async ({ drivers, dispatch }) => {
    const facts = await drivers.storage.snapshot(
      dispatch.container_id,
      dispatch.parameters.snapshot_name ?? '',
    );
    if (facts === undefined || isCopyPointName(facts.name))
      return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    return succeed('proceed');
  },
  steps: [removeSnapshot],
};
