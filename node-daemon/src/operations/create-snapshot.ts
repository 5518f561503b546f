import { placeMemory } from '../drivers/checkpoint/memory-directory.ts';
import type { HoldRequest } from '../drivers/types.ts';
import { done, fail, succeed, type HostFailure, type Outcome } from '../outcome.ts';
import { checkState } from './checks.ts';
import { freezeWhileRunning, thawIfWasRunning } from './machine-steps.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

/** Blockers that one refusal names. */
const namedBlockersMax = 3;

/** What changes little is written while the machine runs; it stands still for the rest. */
const preDumpMemory: Step = {
  name: 'pre-dump',
  applies: ({ stateful }) => stateful === true,
  run: async (context) => {
    const { drivers, dispatch, initialState } = context;
    if (!isStateful(dispatch) || initialState !== 'running') return done;
    const written = await drivers.checkpoint.preDump(holdRequest(context));
    if (written.ok) return done;
    if (written.failure.code === 'DRIVER_FAILED') return written;
    context.remark(written.failure);
    return done;
  },
  undo: async (context) => {
    // Before what is still being written is waited for, which may take long, and again because it ends with a freeze.
    await freezeWhileRunning.undo?.(context);
    const removed = await removeMemory(context);
    const goesOn = (await freezeWhileRunning.undo?.(context)) ?? done;
    return removed.ok ? goesOn : removed;
  },
};

const dumpMemory: Step = {
  name: 'dump-memory',
  applies: ({ stateful }) => stateful === true,
  run: async (context) => {
    const { drivers, dispatch } = context;
    return isStateful(dispatch) ? drivers.checkpoint.dump(holdRequest(context)) : done;
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

/** Where the volume's copy can still be completed, its memory comes to the disk while the machine runs already. */
const placeDumpedMemory: Step = {
  name: 'place-memory',
  applies: ({ stateful }) => stateful === true,
  run: async ({ drivers, dispatch }) => {
    const { container_id: containerId } = dispatch;
    const volume = drivers.storage.volumePath(containerId);
    const place = (copy: string): Promise<Outcome<undefined>> => placeMemory(volume, copy);
    return drivers.storage.amendStaged?.(containerId, nameOf(dispatch), place) ?? done;
  },
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
const discardMemoryImage: Step = {
  name: 'discard-memory',
  applies: ({ stateful }) => stateful === true,
  run: async (context) => {
    const removed = await removeMemory(context);
    if (!removed.ok) return removed;
    const { drivers, dispatch } = context;
    const facts = await drivers.storage.snapshot(dispatch.container_id, nameOf(dispatch));
    return facts === undefined ? done : succeed({ snapshot: facts });
  },
};

/** A running machine stands still from before its memory is written until its disk is copied. */
export const holdMachine: readonly Step[] = [
  preDumpMemory,
  freezeWhileRunning,
  dumpMemory,
  copyVolume,
  thawIfWasRunning,
  placeDumpedMemory,
  publishSnapshot,
  discardMemoryImage,
];

/**
 * Holds the machine's disk under a name, with its memory when that is asked for. A running machine stands
 * still from before its memory is written until its disk is copied: both are of one moment.
 */
export const createSnapshot: OperationPlan = {
  check: async (context) => {
    const { drivers, dispatch } = context;
    if (!drivers.capabilities.snapshot) return fail('CAPABILITY_MISSING', 'This host can’t make snapshots.');
    const state = checkState(context, { legal: ['running', 'paused', 'stopped'] });
    if (!state.ok) return state;
    if (nameOf(dispatch) === '') return fail('SNAPSHOT_NOT_FOUND', 'The snapshot has no name.');
    const existing = await drivers.storage.snapshot(dispatch.container_id, nameOf(dispatch));
    if (existing !== undefined)
      return fail('SNAPSHOT_ALREADY_EXISTS', 'There is a snapshot of this name already.');
    const obstacle = isStateful(dispatch) ? await findMemoryObstacle(context) : undefined;
    return obstacle === undefined ? succeed('proceed') : { ok: false, failure: obstacle };
  },
  steps: holdMachine,
};

/** Why this machine's memory can't be held as it is now; undefined: it can, as far as a look tells. */
export async function findMemoryObstacle(context: OperationContext): Promise<HostFailure | undefined> {
  const { drivers, dispatch, initialState } = context;
  const missing = (reasons: readonly string[], otherwise: string): HostFailure =>
    fail('CAPABILITY_MISSING', reasons.slice(0, namedBlockersMax).join(' ') || otherwise).failure;
  if (!drivers.capabilities.stateful_snapshot) {
    const reasons = await drivers.checkpoint.blockers(dispatch.container_id);
    return missing(reasons, 'This host can’t hold memory in a snapshot.');
  }
  if (initialState === 'stopped')
    return fail('WRONG_STATE', 'A stopped machine has no memory to hold.').failure;
  const blockers = await drivers.checkpoint.blockers(dispatch.container_id);
  return blockers.length === 0 ? undefined : missing(blockers, '');
}

/** What is held becomes a snapshot, or a copy point. */
function nameOf(dispatch: OperationContext['dispatch']): string {
  return dispatch.parameters.copy_point ?? dispatch.parameters.snapshot_name ?? '';
}

function isStateful(dispatch: OperationContext['dispatch']): boolean {
  return dispatch.parameters.stateful === true;
}

async function removeMemory({ drivers, dispatch }: OperationContext): Promise<Outcome<undefined>> {
  if (!isStateful(dispatch)) return done;
  const { container_id: containerId } = dispatch;
  return drivers.checkpoint.discard(containerId, drivers.storage.volumePath(containerId));
}

function holdRequest({ drivers, dispatch, remark }: OperationContext): HoldRequest {
  const { container_id: containerId } = dispatch;
  const { storage } = drivers;
  const isPlaced = storage.amendStaged !== undefined;
  return { containerId, volume: storage.volumePath(containerId), isPlaced, remark };
}

function removeSnapshot({ drivers, dispatch }: OperationContext): Promise<Outcome<undefined>> {
  return drivers.storage.deleteSnapshot(dispatch.container_id, nameOf(dispatch));
}
