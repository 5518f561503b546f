import { done, succeed } from '../outcome.ts';
import { checkState, findMissingCapability } from './checks.ts';
import type { OperationPlan, Step } from './step.ts';

const applySpec: Step = {
  name: 'apply-spec',
  run: async ({ drivers, machine }) => {
    const updated = await drivers.container.update(machine);
    return updated.ok ? succeed({ synced: updated.value.synced }) : updated;
  },
  undo: async ({ drivers, recorded }) => {
    if (recorded === undefined) return done;
    const reverted = await drivers.container.update(recorded);
    return reverted.ok ? done : reverted;
  },
};

/** Changes limits, name, environment and the like; says whether the live machine has all of it already. */
export const updateContainer: OperationPlan = {
  check: async (context) =>
    findMissingCapability(context) ?? checkState(context, { legal: ['running', 'paused', 'stopped'] }),
  steps: [applySpec],
};
