import { fail } from '../outcome.ts';
import { checkState } from './checks.ts';
import { freezeWhileRunning } from './machine-steps.ts';
import type { OperationPlan } from './step.ts';

/** Makes every process of a running machine stand still, with its memory in place. */
export const pauseContainer: OperationPlan = {
  check: async (context) => {
    if (!context.drivers.capabilities.pause)
      return fail('CAPABILITY_MISSING', 'This host can’t pause machines.');
    return checkState(context, { legal: ['running'], settled: ['paused'] });
  },
  steps: [freezeWhileRunning],
};
