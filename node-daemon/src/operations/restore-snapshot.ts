import { done, fail, succeed } from '../outcome.ts';
import { checkState } from './checks.ts';
import { bootMachine, endMachine } from './machine-steps.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

const stageVolume: Step = {
  name: 'stage-volume',
  run: ({ drivers, dispatch }) =>
    drivers.storage.stageRestore(dispatch.container_id, dispatch.parameters.snapshot_name ?? ''),
  undo: ({ drivers, dispatch }) => drivers.storage.discardStagedRestore(dispatch.container_id),
};

const endOldBody: Step = {
  name: 'kill-machine',
  run: endMachine,
  // Its memory is lost; what ran, runs again.
  undo: async (context) => {
    if (context.initialState !== 'running') return done;
    const machine = context.recorded ?? context.machine;
    return bootMachine({ ...context, machine });
  },
};

const swapVolume: Step = {
  name: 'swap-volume',
  run: ({ drivers, dispatch }) => drivers.storage.swapRestore(dispatch.container_id),
  undo: ({ drivers, dispatch }) => drivers.storage.unswapRestore(dispatch.container_id),
};

const startNewBody: Step = {
  name: 'start-machine',
  run: async (context) => {
    const defined = await context.drivers.container.define(context.machine);
    if (!defined.ok) return defined;
    return runsAfter(context) ? bootMachine(context) : done;
  },
  undo: endMachine,
};

const discardReplaced: Step = {
  name: 'discard-replaced',
  run: async (context) => {
    const discarded = await context.drivers.storage.discardReplaced(context.dispatch.container_id);
    if (!discarded.ok) return discarded;
    return succeed({ restored_as: runsAfter(context) ? ('cold' as const) : ('filesystem' as const) });
  },
};

/**
 * Puts a snapshot in the place of the machine's disk. The copy is made beside while the machine still runs;
 * the old disk is kept until the new body is up, so that any failure before brings it back.
 */
export const restoreSnapshot: OperationPlan = {
  check: async (context) => {
    const { drivers, dispatch } = context;
    if (!drivers.capabilities.snapshot) return fail('CAPABILITY_MISSING', 'This host has no snapshots.');
    const state = checkState(context, { legal: ['running', 'paused', 'stopped'] });
    if (!state.ok) return state;
    const facts = await drivers.storage.snapshot(
      dispatch.container_id,
      dispatch.parameters.snapshot_name ?? '',
    );
    if (facts === undefined) return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    return succeed('proceed');
  },
  steps: [stageVolume, endOldBody, swapVolume, startNewBody, discardReplaced],
};

function runsAfter({ dispatch, initialState }: OperationContext): boolean {
  return dispatch.parameters.run_after ?? initialState === 'running';
}
