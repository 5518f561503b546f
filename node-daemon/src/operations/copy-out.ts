import { CopyPointName, type SnapshotFacts } from '@control-plane/contract/link';
import { isCopyPointName } from '../drivers/storage/copy-point-name.ts';
import { done, fail, succeed, type Outcome } from '../outcome.ts';
import { checkState } from './checks.ts';
import { findMemoryObstacle, holdMachine } from './create-snapshot.ts';
import {
  isAskedFor,
  type OperationContext,
  type OperationPlan,
  type Step,
  type StepResult,
  type Verdict,
} from './step.ts';

const noteCopyPoint: Step = {
  name: 'note-copy-point',
  run: async ({ dispatch, copyPoints }) => {
    copyPoints.add(dispatch.container_id, pointOf(dispatch), 'source');
    return done;
  },
  undo: async ({ dispatch, copyPoints }) => {
    copyPoints.remove(dispatch.container_id, pointOf(dispatch));
    return done;
  },
};

/** The steps of a snapshot, where it is the machine that is copied and not a snapshot of it. */
const holdLiveMachine: readonly Step[] = holdMachine.map((step) => ({
  ...step,
  applies: (parameters) => parameters.source_snapshot === undefined && isAskedFor(step, parameters),
  run: async (context) => {
    const held = await step.run(context);
    return held.ok ? done : held;
  },
}));

const tellCopyPoint: Step = {
  name: 'tell-copy-point',
  run: async (context) => {
    const { drivers, dispatch } = context;
    const { container_id: containerId } = dispatch;
    const { source_snapshot: snapshot } = dispatch.parameters;
    const name = pointOf(dispatch);
    if (snapshot !== undefined) {
      const copied = await drivers.storage.copySnapshot({
        source: containerId,
        snapshot,
        target: containerId,
        name,
      });
      if (!copied.ok) return copied;
    }
    const facts = await drivers.storage.snapshot(containerId, name);
    if (facts === undefined) return fail('COPY_POINT_NOT_FOUND', 'The copy point is gone.');
    return succeed(resultOf(facts));
  },
  undo: ({ drivers, dispatch }) => drivers.storage.deleteSnapshot(dispatch.container_id, pointOf(dispatch)),
};

/**
 * Makes a copy point: what copies of this machine are made from, in no list of snapshots. The machine goes on as
 * soon as its disk is held; with memory it stands still as long as for a snapshot. A copy point of a snapshot
 * costs nothing. A name that is there already is answered with what it is.
 */
export const copyOut: OperationPlan = {
  check: async (context) => {
    const { drivers, dispatch } = context;
    const { stateful = false, source_snapshot: snapshot } = dispatch.parameters;
    if (!drivers.capabilities.copy) return fail('CAPABILITY_MISSING', 'This host can’t copy machines.');
    if (!CopyPointName().safeParse(pointOf(dispatch)).success)
      return fail('COPY_POINT_NOT_FOUND', 'The copy point has no proper name.');
    const state = checkState(context, { legal: ['running', 'paused', 'stopped'] });
    if (!state.ok) return state;
    const existing = await drivers.storage.snapshot(dispatch.container_id, pointOf(dispatch));
    if (existing !== undefined) return succeed({ settled: resultOf(existing) });
    if (snapshot !== undefined) return checkSnapshot(context, snapshot, stateful);
    const obstacle = stateful ? await findMemoryObstacle(context) : undefined;
    return obstacle === undefined ? succeed('proceed') : { ok: false, failure: obstacle };
  },
  steps: [noteCopyPoint, ...holdLiveMachine, tellCopyPoint],
};

async function checkSnapshot(
  { drivers, dispatch }: OperationContext,
  name: string,
  stateful: boolean,
): Promise<Outcome<Verdict>> {
  const facts = await drivers.storage.snapshot(dispatch.container_id, name);
  if (facts === undefined || isCopyPointName(name))
    return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
  if (stateful && !facts.stateful) return fail('CAPABILITY_MISSING', 'The snapshot holds no memory.');
  return succeed('proceed');
}

function pointOf(dispatch: OperationContext['dispatch']): string {
  return dispatch.parameters.copy_point ?? '';
}

function resultOf({ name, stateful, size_bytes }: SnapshotFacts): StepResult {
  return { copy_point: { name, stateful, size_bytes } };
}
