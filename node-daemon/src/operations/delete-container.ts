import { succeed } from '../outcome.ts';
import { killMachine } from './machine-steps.ts';
import type { OperationPlan, Step } from './step.ts';

const deleteVolume: Step = {
  name: 'delete-volume',
  run: ({ drivers, dispatch }) => drivers.storage.deleteVolume(dispatch.container_id),
};

const forgetMachine: Step = {
  name: 'forget-machine',
  run: ({ drivers, dispatch }) => drivers.container.remove(dispatch.container_id),
};

/** Ends a machine in whatever state, and leaves nothing of it. A machine that is not there is deleted too. */
export const deleteContainer: OperationPlan = {
  check: async () => succeed('proceed'),
  steps: [killMachine, deleteVolume, forgetMachine],
};
