import { discardMemory } from '../drivers/checkpoint/memory-directory.ts';
import { done, fail, succeed, type Outcome } from '../outcome.ts';
import { findMissingCapability } from './checks.ts';
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
import { defineMachine, endMachine } from './machine-steps.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

const receiveCopy: Step = {
  name: 'receive-copy',
  applies: (parameters) => comesFromElsewhere(parameters) || parameters.with_snapshots === true,
  run: async (context) => {
    const { drivers, dispatch, copyPoints } = context;
    const withSnapshots = dispatch.parameters.with_snapshots === true;
    if (needCopy(context).isRemote) {
      const fetched = await fetchCopy(context);
      if (!fetched.ok) return fetched;
    } else {
      const taken = await takeSnapshotsAlong(context);
      if (!taken.ok) return taken;
    }
    if (!withSnapshots) return done;
    const snapshots = await drivers.storage.listSnapshots(dispatch.container_id);
    copyPoints.addTravelled(
      dispatch.container_id,
      snapshots.map(({ name }) => name),
    );
    return done;
  },
  undo: removeEverything,
};

const cloneVolume: Step = {
  name: 'clone-volume',
  run: (context) => {
    const { container_id: target } = context.dispatch;
    const { point, source, isRemote } = needCopy(context);
    return context.drivers.storage.cloneVolume({
      source: isRemote ? target : source.container_id,
      snapshot: point,
      target,
    });
  },
  undo: removeEverything,
};

const renewIdentity: Step = {
  name: 'renew-identity',
  run: ({ drivers, dispatch, machine }) =>
    drivers.container.renewIdentity(machine, drivers.storage.volumePath(dispatch.container_id), null),
};

const startMachine: Step = { name: 'start-machine', isVolatile: true, run: beginMachine, undo: endMachine };

const settleCopy: Step = {
  name: 'settle-copy',
  run: async (context) => {
    const { drivers, dispatch } = context;
    const { container_id: containerId, parameters } = dispatch;
    // From here on its disk goes its own way.
    const forgotten = await discardMemory(drivers.storage.volumePath(containerId));
    if (!forgotten.ok) return forgotten;
    const settled = await settleBases(context);
    if (!settled.ok) return settled;
    const snapshots = await drivers.storage.listSnapshots(containerId);
    return succeed({
      restored_as: beginsAs(context),
      bytes_transferred: settled.value.bytes,
      ...(parameters.with_snapshots === true ? { snapshots: snapshots.slice(-snapshotsToldMax) } : {}),
    });
  },
};

/** As many as one message holds. */
const snapshotsToldMax = 1000;

/**
 * Makes a machine out of another one's copy point: of this host by a clone, of another host by a transfer that a
 * ticket allows. It has an identity of its own before anything of it runs. Whatever fails, nothing of it stays.
 */
export const copyIn: OperationPlan = {
  check: async (context) => {
    const { initialState, dispatch } = context;
    if (initialState !== 'absent')
      return fail('MACHINE_ALREADY_EXISTS', 'This host has this machine already.');
    const wanted = wantedCopy(context);
    if (wanted === undefined) return fail('COPY_POINT_NOT_FOUND', 'The copy names no copy point.');
    if (dispatch.parameters.stateful === true) {
      const { capabilities } = context.drivers;
      if (!wanted.source.stateful) return fail('CAPABILITY_MISSING', 'The copy point holds no memory.');
      if (!capabilities.stateful_snapshot)
        return fail('CAPABILITY_MISSING', 'This host can’t bring memory back.');
    }
    const obstacle = await findCopyObstacle(context, wanted, true);
    if (obstacle !== undefined) return { ok: false, failure: obstacle };
    return findMissingCapability(context) ?? succeed('proceed');
  },
  steps: [defineMachine, receiveCopy, cloneVolume, renewIdentity, startMachine, settleCopy],
};

/** A snapshot that was made after the copy point is not part of the copy. */
async function takeSnapshotsAlong(context: OperationContext): Promise<Outcome<undefined>> {
  const { drivers, dispatch } = context;
  const { point, source } = needCopy(context);
  const facts = await drivers.storage.snapshot(source.container_id, point);
  if (facts === undefined) return fail('COPY_POINT_NOT_FOUND', 'The source has no such copy point any more.');
  for (const { name, created_at: createdAt } of await drivers.storage.listSnapshots(source.container_id)) {
    if (createdAt > facts.created_at) continue;
    const copied = await drivers.storage.copySnapshot({
      source: source.container_id,
      snapshot: name,
      target: dispatch.container_id,
      name,
    });
    // One that was deleted meanwhile does not travel.
    if (!copied.ok && copied.failure.code !== 'SNAPSHOT_NOT_FOUND') return copied;
  }
  return done;
}

async function removeEverything({
  drivers,
  dispatch,
  copyPoints,
}: OperationContext): Promise<Outcome<undefined>> {
  const removed = await drivers.storage.deleteVolume(dispatch.container_id);
  if (removed.ok) copyPoints.removeAll(dispatch.container_id);
  return removed;
}
