import { checkState } from './checks.ts';
import { killMachine } from './machine-steps.ts';
import type { OperationPlan } from './step.ts';

/** Ends a running or paused machine at once. */
export const forceStopContainer: OperationPlan = {
  check: async (context) =>
    checkState(context, { legal: ['running', 'paused', 'unknown'], settled: ['stopped'] }),
  steps: [killMachine],
};
