import { succeed } from '../outcome.ts';
import type { OperationPlan } from './step.ts';

/** Says what the machine is; changes nothing. */
export const inspectContainer: OperationPlan = {
  check: async () => succeed('settled'),
  steps: [],
};
