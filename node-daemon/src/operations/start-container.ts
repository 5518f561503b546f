import { checkState, findMissingCapability } from './checks.ts';
import { startMachine } from './machine-steps.ts';
import type { OperationPlan } from './step.ts';

/** Boots a stopped machine. */
export const startContainer: OperationPlan = {
  check: async (context) =>
    findMissingCapability(context) ?? checkState(context, { legal: ['stopped'], settled: ['running'] }),
  steps: [startMachine],
};
