import { checkState } from './checks.ts';
import type { OperationPlan, Step } from './step.ts';

const thawMachine: Step = {
  name: 'thaw-machine',
  run: ({ drivers, dispatch }) => drivers.container.thaw(dispatch.container_id),
};

/** Lets a paused machine go on. */
export const resumeContainer: OperationPlan = {
  check: async (context) => checkState(context, { legal: ['paused'], settled: ['running'] }),
  steps: [thawMachine],
};
