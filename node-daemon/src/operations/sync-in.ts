import { discardMemory } from '../drivers/checkpoint/memory-directory.ts';
import { fail, succeed } from '../outcome.ts';
import { checkState } from './checks.ts';
import {
  beginMachine,
  beginsAs,
  comesFromElsewhere,
  fetchCopy,
  findCopyObstacle,
  needCopy,
  settleBases,
  wantedCopy,
} from './copy-steps.ts';
import { endMachine } from './machine-steps.ts';
import { endOldBody, swapVolume } from './restore-snapshot.ts';
import type { OperationPlan, Step } from './step.ts';

const receiveCopy: Step = {
  name: 'receive-copy',
  applies: comesFromElsewhere,
  run: fetchCopy,
  undo: async (context) => {
    const { drivers, dispatch, copyPoints } = context;
    const { point } = needCopy(context);
    const removed = await drivers.storage.deleteSnapshot(dispatch.container_id, point);
    if (removed.ok) copyPoints.remove(dispatch.container_id, point);
    return removed;
  },
};

const stageVolume: Step = {
  name: 'stage-volume',
  run: async (context) => {
    const { drivers, dispatch } = context;
    const { container_id: containerId } = dispatch;
    const { point, source, isRemote } = needCopy(context);
    const from = isRemote ? containerId : source.container_id;
    const staged = await drivers.storage.stageRestore(containerId, point, from);
    return staged.ok ? discardMemory(drivers.storage.stagedPath(containerId)) : staged;
  },
  undo: ({ drivers, dispatch }) => drivers.storage.discardStagedRestore(dispatch.container_id),
};

/** It is the same machine as before, with other content. */
const keepIdentity: Step = {
  name: 'keep-identity',
  run: ({ drivers, dispatch, machine }) => {
    const { container_id: containerId } = dispatch;
    const { storage } = drivers;
    return drivers.container.renewIdentity(
      machine,
      storage.stagedPath(containerId),
      storage.volumePath(containerId),
    );
  },
};

const startMachine: Step = {
  name: 'start-machine',
  isVolatile: true,
  run: async (context) => {
    const defined = await context.drivers.container.define(context.machine);
    return defined.ok ? beginMachine(context) : defined;
  },
  undo: endMachine,
};

const settleSync: Step = {
  name: 'settle-sync',
  run: async (context) => {
    const { drivers, dispatch } = context;
    const discarded = await drivers.storage.discardReplaced(dispatch.container_id);
    if (!discarded.ok) return discarded;
    const settled = await settleBases(context);
    if (!settled.ok) return settled;
    return succeed({ restored_as: beginsAs(context), bytes_transferred: settled.value.bytes });
  },
};

/**
 * Brings a copy to what its source is now. What differs is received beside while the copy runs on, checked, and
 * put in the place of its disk; the old one is kept until the new body is up, so that any failure brings it back.
 */
export const syncIn: OperationPlan = {
  check: async (context) => {
    const { drivers, dispatch, copyPoints } = context;
    const { container_id: containerId } = dispatch;
    const { base } = dispatch.parameters;
    const wanted = wantedCopy(context);
    if (wanted === undefined) return fail('COPY_POINT_NOT_FOUND', 'The sync names no copy point.');
    const state = checkState(context, { legal: ['running', 'stopped'] });
    if (!state.ok) return state;
    if (wanted.isRemote && base !== undefined) {
      const known = copyPoints.find(containerId, base)?.role === 'copy';
      if (!known || !(await drivers.storage.listCopyPoints(containerId)).includes(base))
        return fail('SYNC_BASE_GONE', 'This host has the base of this copy no more: sync all of it.');
    }
    const obstacle = await findCopyObstacle(context, wanted, base === undefined);
    return obstacle === undefined ? succeed('proceed') : { ok: false, failure: obstacle };
  },
  steps: [receiveCopy, stageVolume, keepIdentity, endOldBody, swapVolume, startMachine, settleSync],
};
