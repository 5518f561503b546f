import type { RestoredAs } from '@control-plane/contract/link';
import { discardMemory, memoryDirectoryOf } from '../drivers/checkpoint/memory-directory.ts';
import { isCopyPointName } from '../drivers/storage/copy-point-name.ts';
import { done, fail, succeed, type Outcome } from '../outcome.ts';
import { checkState } from './checks.ts';
import { bootMachine, endMachine } from './machine-steps.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

const stageVolume: Step = {
  name: 'stage-volume',
  run: async (context) => {
    const { drivers, dispatch, machine } = context;
    const { container_id: containerId, parameters } = dispatch;
    const { storage } = drivers;
    const staged = await storage.stageRestore(containerId, parameters.snapshot_name ?? '');
    if (!staged.ok || !holdsAnother(context)) return staged;
    return drivers.container.renewIdentity(
      machine,
      storage.stagedPath(containerId),
      storage.volumePath(containerId),
    );
  },
  undo: ({ drivers, dispatch }) => drivers.storage.discardStagedRestore(dispatch.container_id),
};

/** Ends what runs; undone by booting it again. */
export const endOldBody: Step = {
  name: 'kill-machine',
  isVolatile: true,
  run: endMachine,
  // Its memory is lost; what ran, runs again.
  undo: async (context) => {
    if (context.initialState !== 'running') return done;
    const machine = context.recorded ?? context.machine;
    return bootMachine({ ...context, machine });
  },
};

/** Puts the staged disk in the place of the machine's. */
export const swapVolume: Step = {
  name: 'swap-volume',
  run: ({ drivers, dispatch }) => drivers.storage.swapRestore(dispatch.container_id),
  undo: ({ drivers, dispatch }) => drivers.storage.unswapRestore(dispatch.container_id),
};

const startNewBody: Step = {
  name: 'start-machine',
  isVolatile: true,
  run: async (context) => {
    const defined = await context.drivers.container.define(context.machine);
    if (!defined.ok) return defined;
    const restoredAs = await restoredAsOf(context);
    if (restoredAs === 'memory')
      return holdsAnother(context) ? restoreOwnMemory(context) : restoreMemory(context);
    return restoredAs === 'cold' ? bootMachine(context) : done;
  },
  undo: endMachine,
};

const discardReplaced: Step = {
  name: 'discard-replaced',
  run: async (context) => {
    const { storage } = context.drivers;
    const { container_id: containerId } = context.dispatch;
    const restoredAs = await restoredAsOf(context);
    // From here on the disk goes its own way: the memory would never fit it again.
    const forgotten = await discardMemory(storage.volumePath(containerId));
    if (!forgotten.ok) return forgotten;
    const discarded = await storage.discardReplaced(containerId);
    return discarded.ok ? succeed({ restored_as: restoredAs }) : discarded;
  },
};

/**
 * Puts a snapshot in the place of the machine's disk. The copy is made beside while the machine still runs;
 * the old disk is kept until the new body is up, so that any failure before brings it back. A snapshot with
 * memory comes back with its processes, or not at all: whether this host can is looked at before anything ends.
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
    if (facts === undefined || isCopyPointName(facts.name))
      return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    if ((await restoredAsOf(context)) !== 'memory') return succeed('proceed');
    const volume = drivers.storage.snapshotPath(dispatch.container_id, facts.name);
    const reasons = await drivers.checkpoint.incompatibilities(memoryDirectoryOf(volume));
    return reasons.length === 0 ? succeed('proceed') : fail('CAPABILITY_MISSING', reasons.join(' '));
  },
  steps: [stageVolume, endOldBody, swapVolume, startNewBody, discardReplaced],
};

/** Whether the snapshot came along with a copy: its disk and memory bear the name and the keys of the copy's source. */
function holdsAnother({ copyPoints, dispatch }: OperationContext): boolean {
  return copyPoints.hasTravelled(dispatch.container_id, dispatch.parameters.snapshot_name ?? '');
}

function runsAfter({ dispatch, initialState }: OperationContext): boolean {
  return dispatch.parameters.run_after ?? initialState === 'running';
}

/** How the machine comes back; the same at each step, because the snapshot stays. */
async function restoredAsOf(context: OperationContext): Promise<RestoredAs> {
  const { drivers, dispatch } = context;
  if (!runsAfter(context)) return 'filesystem';
  const facts = await drivers.storage.snapshot(
    dispatch.container_id,
    dispatch.parameters.snapshot_name ?? '',
  );
  return facts?.stateful === true ? 'memory' : 'cold';
}

/** Brings another machine's processes back as this one's: their kernel gets the host name of this machine. */
export async function restoreOwnMemory(context: OperationContext): Promise<Outcome<undefined>> {
  const restored = await restoreMemory(context);
  if (!restored.ok) return restored;
  const told = await context.drivers.container.update(context.machine);
  return told.ok ? done : told;
}

/** Brings the processes back that the machine's disk holds. */
async function restoreMemory({ drivers, machine }: OperationContext): Promise<Outcome<undefined>> {
  const volume = drivers.storage.volumePath(machine.spec.container_id);
  return drivers.checkpoint.restore({
    machine,
    volume,
    from: memoryDirectoryOf(volume),
    attachNetwork: (initPid) => drivers.network.attach(machine, initPid),
  });
}
