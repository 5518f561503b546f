import { checkState } from './checks.ts';
import { stopMachine } from './machine-steps.ts';
import type { OperationPlan } from './step.ts';

/** Lets a running machine shut down; ends it when its grace is over. */
export const stopContainer: OperationPlan = {
  check: async (context) => checkState(context, { legal: ['running'], settled: ['stopped'] }),
  steps: [stopMachine],
};
