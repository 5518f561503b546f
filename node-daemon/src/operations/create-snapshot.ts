import { fail, succeed, type Outcome } from '../outcome.ts';
import { checkState } from './checks.ts';
import { freezeWhileRunning, thawIfWasRunning } from './machine-steps.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

const copyVolume: Step = {
  name: 'copy-volume',
  run: ({ drivers, dispatch }) => drivers.storage.stageSnapshot(dispatch.container_id, nameOf(dispatch)),
  undo: removeSnapshot,
};

const publishSnapshot: Step = {
  name: 'publish-snapshot',
  run: async ({ drivers, dispatch }) => {
    const published = await drivers.storage.publishSnapshot(dispatch.container_id, nameOf(dispatch), false);
    return published.ok ? succeed({ snapshot: published.value }) : published;
  },
  undo: removeSnapshot,
};

/** Holds the machine's disk under a name. A running machine stands still only while its disk is copied. */
export const createSnapshot: OperationPlan = {
  check: async (context) => {
    const { drivers, dispatch } = context;
    const { capabilities } = drivers;
    if (!capabilities.snapshot) return fail('CAPABILITY_MISSING', 'This host can’t make snapshots.');
    if (dispatch.parameters.stateful === true && !capabilities.stateful_snapshot) {
      const blockers = await drivers.checkpoint.blockers(dispatch.container_id);
      return fail('CAPABILITY_MISSING', blockers.join(' ') || 'This host can’t hold memory in a snapshot.');
    }
    const state = checkState(context, { legal: ['running', 'paused', 'stopped'] });
    if (!state.ok) return state;
    if (nameOf(dispatch) === '') return fail('SNAPSHOT_NOT_FOUND', 'The snapshot has no name.');
    const existing = await drivers.storage.snapshot(dispatch.container_id, nameOf(dispatch));
    if (existing !== undefined)
      return fail('SNAPSHOT_ALREADY_EXISTS', 'There is a snapshot of this name already.');
    return succeed('proceed');
  },
  steps: [freezeWhileRunning, copyVolume, thawIfWasRunning, publishSnapshot],
};

function nameOf(dispatch: OperationContext['dispatch']): string {
  return dispatch.parameters.snapshot_name ?? '';
}

function removeSnapshot({ drivers, dispatch }: OperationContext): Promise<Outcome<undefined>> {
  return drivers.storage.deleteSnapshot(dispatch.container_id, nameOf(dispatch));
}
