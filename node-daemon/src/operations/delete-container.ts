import { succeed } from '../outcome.ts';
import { forgetMachine, killMachine } from './machine-steps.ts';
import type { OperationPlan, Step } from './step.ts';

const deleteVolume: Step = {
  name: 'delete-volume',
  run: async ({ drivers, dispatch, transfers, copyPoints }) => {
    const { container_id: containerId } = dispatch;
    const deleted = await transfers.whileNotSending(containerId, () =>
      drivers.storage.deleteVolume(containerId),
    );
    if (deleted.ok) copyPoints.removeAll(containerId);
    return deleted;
  },
};

const forgetEverything: Step = { name: 'forget-machine', run: forgetMachine };

/** Ends a machine in whatever state, and leaves nothing of it. A machine that is not there is deleted too. */
export const deleteContainer: OperationPlan = {
  check: async () => succeed('proceed'),
  steps: [killMachine, deleteVolume, forgetEverything],
};
