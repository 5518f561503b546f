import { CopyPointName, type CopySource, type RestoredAs } from '@control-plane/contract/link';
import { discardMemory, memoryDirectoryOf } from '../drivers/checkpoint/memory-directory.ts';
import { done, fail, succeed, type HostFailure, type Outcome } from '../outcome.ts';
import { bootMachine } from './machine-steps.ts';
import { restoreOwnMemory } from './restore-snapshot.ts';
import type { OperationContext } from './step.ts';

/** The copy that a dispatch asks for. */
export type WantedCopy = {
  readonly point: string;
  readonly source: CopySource;
  /** Whether the source is on another host, so that what is copied arrives as snapshots of the target. */
  readonly isRemote: boolean;
};

/** What a `copy-in` or `sync-in` is about; undefined: it does not say. */
export function wantedCopy({ dispatch }: OperationContext): WantedCopy | undefined {
  const { copy_point: point, copy_source: source } = dispatch.parameters;
  if (source === undefined || !CopyPointName().safeParse(point).success || point === undefined)
    return undefined;
  return { point, source, isRemote: comesFromElsewhere(dispatch.parameters) };
}

/** Whether a `copy-in` or `sync-in` has to fetch what it makes a machine of. */
export function comesFromElsewhere({
  copy_source: source,
}: OperationContext['dispatch']['parameters']): boolean {
  return source?.endpoint !== null;
}

/** The same, in a step of a plan whose check has seen it. */
export function needCopy(context: OperationContext): WantedCopy {
  const wanted = wantedCopy(context);
  if (wanted === undefined) throw new Error('A copy was begun without a source.');
  return wanted;
}

/**
 * Why this can't be copied to this host; undefined: it can, as far as a look tells. `whole`: no base saves
 * anything, so that there must be room for all of it.
 */
export async function findCopyObstacle(
  { drivers }: OperationContext,
  { point, source, isRemote }: WantedCopy,
  whole: boolean,
): Promise<HostFailure | undefined> {
  const { storage, capabilities } = drivers;
  if (!capabilities.copy) return fail('CAPABILITY_MISSING', 'This host can’t copy machines.').failure;
  if (!isRemote) {
    const facts = await storage.snapshot(source.container_id, point);
    if (facts !== undefined) return undefined;
    return fail('COPY_POINT_NOT_FOUND', 'The source has no such copy point any more.').failure;
  }
  if (source.ticket === null)
    return fail('TICKET_REFUSED', 'There is no ticket for a transfer from another host.').failure;
  if (whole && (await storage.freeBytes()) < source.size_bytes)
    return fail('CAPACITY_EXCEEDED', 'The host’s disk is full.').failure;
  return undefined;
}

/** Fetches a copy point from another host, with what travels along; what came whole stays until it is undone. */
export async function fetchCopy(context: OperationContext): Promise<Outcome<undefined>> {
  const { dispatch, copyPoints, transfers, signal, progress } = context;
  const { container_id: containerId, operation_id: session } = dispatch;
  const { point, source } = needCopy(context);
  copyPoints.add(containerId, point, 'copy');
  const fetched = await transfers.fetch({
    source,
    containerId,
    copyPoint: point,
    session,
    signal,
    onProgress: progress,
  });
  if (!fetched.ok) return fetched;
  copyPoints.addBytes(containerId, point, fetched.value.bytes);
  return done;
}

/** How the machine begins after it was copied. */
export function beginsAs({ dispatch, initialState }: OperationContext): RestoredAs {
  const { stateful = false, run_after: runAfter } = dispatch.parameters;
  if (dispatch.command === 'copy-in' && stateful) return 'memory';
  const runs = runAfter ?? (dispatch.command === 'copy-in' || initialState === 'running');
  return runs ? 'cold' : 'filesystem';
}

/** Lets the copied machine begin: with the source's processes, by booting, or not at all. */
export async function beginMachine(context: OperationContext): Promise<Outcome<undefined>> {
  const { drivers, machine } = context;
  const volume = drivers.storage.volumePath(machine.spec.container_id);
  const how = beginsAs(context);
  if (how !== 'memory') {
    // The memory of the source is of no use to a machine that boots.
    const forgotten = await discardMemory(volume);
    if (!forgotten.ok || how === 'filesystem') return forgotten;
    return bootMachine(context);
  }
  const reasons = await drivers.checkpoint.incompatibilities(memoryDirectoryOf(volume));
  if (reasons.length > 0) return fail('CAPABILITY_MISSING', reasons.join(' '));
  return restoreOwnMemory(context);
}

/**
 * Keeps what was fetched as the base of the next sync, when that is wanted, and lets go of earlier ones. Gives
 * the bytes that came over the network.
 */
export async function settleBases(context: OperationContext): Promise<Outcome<{ bytes: number }>> {
  const { drivers, dispatch, copyPoints } = context;
  const { container_id: containerId, parameters } = dispatch;
  const { point } = needCopy(context);
  const fetched = copyPoints.list(containerId).filter((record) => record.role === 'copy');
  const bytes = fetched.find((record) => record.name === point)?.bytesTransferred ?? 0;
  for (const { name } of fetched) {
    const keeps = name === point && parameters.keep_base === true;
    const settled = keeps
      ? await drivers.storage.keepAsBase(containerId, name)
      : await drivers.storage.deleteSnapshot(containerId, name);
    if (!settled.ok) return settled;
    if (!keeps) copyPoints.remove(containerId, name);
  }
  return succeed({ bytes });
}
