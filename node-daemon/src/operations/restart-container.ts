import { checkState, findMissingCapability } from './checks.ts';
import { startMachine, stopMachine } from './machine-steps.ts';
import type { OperationPlan } from './step.ts';

/** Lets a running machine shut down and boots it again. */
export const restartContainer: OperationPlan = {
  check: async (context) => findMissingCapability(context) ?? checkState(context, { legal: ['running'] }),
  steps: [stopMachine, startMachine],
};
