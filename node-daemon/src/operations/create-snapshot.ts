import { discardMemory, memoryDirectoryOf } from '../drivers/checkpoint/memory-directory.ts';
import { done, fail, succeed, type Outcome } from '../outcome.ts';
import { checkState } from './checks.ts';
import { freezeWhileRunning, thawIfWasRunning } from './machine-steps.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

/** Blockers that one refusal names. */
const namedBlockersMax = 3;

const dumpMemory: Step = {
  name: 'dump-memory',
  run: async ({ drivers, dispatch }) => {
    if (!isStateful(dispatch)) return done;
    const volume = drivers.storage.volumePath(dispatch.container_id);
    return drivers.checkpoint.dump(dispatch.container_id, memoryDirectoryOf(volume));
  },
  undo: removeMemory,
};

const copyVolume: Step = {
  name: 'copy-volume',
  run: async ({ drivers, dispatch }) => {
    const { state } = await drivers.container.observe(dispatch.container_id);
    // Its memory belongs to the disk only as long as nothing of it has run since.
    if (isStateful(dispatch) && state !== 'paused') {
      return fail('WRONG_STATE', 'The machine ended while its memory was being held.');
    }
    return drivers.storage.stageSnapshot(dispatch.container_id, nameOf(dispatch));
  },
  undo: removeSnapshot,
};

const publishSnapshot: Step = {
  name: 'publish-snapshot',
  run: async ({ drivers, dispatch }) => {
    const { container_id: containerId } = dispatch;
    const published = await drivers.storage.publishSnapshot(
      containerId,
      nameOf(dispatch),
      isStateful(dispatch),
    );
    return published.ok ? succeed({ snapshot: published.value }) : published;
  },
  undo: removeSnapshot,
};

/** The snapshot has its copy; the machine's own disk needs none. */
const discardMemoryImage: Step = { name: 'discard-memory', run: removeMemory };

/**
 * Holds the machine's disk under a name, with its memory when that is asked for. A running machine stands
 * still from before its memory is written until its disk is copied: both are of one moment.
 */
export const createSnapshot: OperationPlan = {
  check: async (context) => {
    const { drivers, dispatch, initialState } = context;
    const { capabilities } = drivers;
    if (!capabilities.snapshot) return fail('CAPABILITY_MISSING', 'This host can’t make snapshots.');
    if (isStateful(dispatch) && !capabilities.stateful_snapshot) {
      const blockers = await drivers.checkpoint.blockers(dispatch.container_id);
      return fail('CAPABILITY_MISSING', blockers.join(' ') || 'This host can’t hold memory in a snapshot.');
    }
    const state = checkState(context, { legal: ['running', 'paused', 'stopped'] });
    if (!state.ok) return state;
    if (nameOf(dispatch) === '') return fail('SNAPSHOT_NOT_FOUND', 'The snapshot has no name.');
    const existing = await drivers.storage.snapshot(dispatch.container_id, nameOf(dispatch));
    if (existing !== undefined)
      return fail('SNAPSHOT_ALREADY_EXISTS', 'There is a snapshot of this name already.');
    if (!isStateful(dispatch)) return succeed('proceed');
    if (initialState === 'stopped') return fail('WRONG_STATE', 'A stopped machine has no memory to hold.');
    const blockers = await drivers.checkpoint.blockers(dispatch.container_id);
    if (blockers.length === 0) return succeed('proceed');
    return fail('CAPABILITY_MISSING', blockers.slice(0, namedBlockersMax).join(' '));
  },
  steps: [freezeWhileRunning, dumpMemory, copyVolume, thawIfWasRunning, publishSnapshot, discardMemoryImage],
};

function nameOf(dispatch: OperationContext['dispatch']): string {
  return dispatch.parameters.snapshot_name ?? '';
}

function isStateful(dispatch: OperationContext['dispatch']): boolean {
  return dispatch.parameters.stateful === true;
}

async function removeMemory({ drivers, dispatch }: OperationContext): Promise<Outcome<undefined>> {
  if (!isStateful(dispatch)) return done;
  return discardMemory(drivers.storage.volumePath(dispatch.container_id));
}

function removeSnapshot({ drivers, dispatch }: OperationContext): Promise<Outcome<undefined>> {
  return drivers.storage.deleteSnapshot(dispatch.container_id, nameOf(dispatch));
}
