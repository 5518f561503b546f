/**
 * The copy points of one container: made by its operation `copy-out`, needed by copies, told to the host to
 * be let go as soon as the last of them has settled. Every change runs inside the object's one block.
 */
import { randomHex } from '@control-plane/serving';
import type { ApiError } from '@control-plane/contract/errors';
import type { OperationResult } from '@control-plane/contract/link';
import type { ContainerRecord } from '@control-plane/lifecycle';
import { operationIdOf } from '../../ids.ts';
import type { CopyOutAnswer, LetGo } from './copy-messages.ts';
import type { CopyPointRow, PendingTarget } from './copy-store.ts';
import { machineSpec } from './machine-spec.ts';
import type { ContainerStore } from './store.ts';

const RELEASE_RETRY_MS = 30_000;
const NEVER_MS = 365 * 24 * 3600 * 1000;
/** A copy that has not let go for so long is asked whether it still needs what it asked for. */
const PATIENCE_MS = 10 * 60 * 1000;

/** A copy point's operation has an id that follows from its name, so that all who want it join one. */
export function copyOutOperationId(containerId: string, copyPoint: string): string {
  return operationIdOf(containerId, copyPoint.slice('copy-'.length));
}

/** Notes that a copy point is being made for its first copy. */
export function beginCopyPoint(
  store: ContainerStore,
  record: ContainerRecord,
  { name, targetId }: { readonly name: string; readonly targetId: string },
  nowMs: number,
): void {
  store.copies.putPoint({
    name,
    operationId: copyOutOperationId(record.id, name),
    state: 'making',
    facts: null,
    error: null,
    told: 'whole',
    release: null,
  });
  store.copies.addTarget(name, targetId, nowMs);
}

/** Writes how a copy-out ended. What nobody waits for any more is let go at once. */
export function settleCopyPoint(
  store: ContainerStore,
  record: ContainerRecord,
  name: string,
  end: { readonly result: OperationResult | null; readonly error: ApiError | null },
  nowMs: number,
): void {
  const point = store.copies.point(name);
  if (point === null || point.state !== 'making') return;
  const made = end.result?.copy_point;
  if (end.error === null && made !== undefined) {
    const facts = { name, stateful: made.stateful, sizeBytes: made.size_bytes };
    store.copies.putPoint({ ...point, state: 'ready', facts });
  } else {
    const error = end.error ?? {
      code: 'CONTAINER_HOST_COMMAND_FAILED' as const,
      message: 'The host confirmed the copy without saying what it made',
    };
    store.copies.putPoint({ ...point, state: 'failed', error });
  }
  releaseUnneeded(store, record, nowMs);
}

/** What a copy that asks for this point is told now; null: there is none of that name. */
export function answerCopyOut(
  store: ContainerStore,
  record: ContainerRecord,
  copyPoint: string,
): CopyOutAnswer | null {
  const point = store.copies.point(copyPoint);
  if (point === null) return null;
  if (point.error !== null) return { kind: 'refused', error: point.error };
  if (point.told !== 'whole') {
    return {
      kind: 'refused',
      error: { code: 'OPERATION_CANCELLED', message: 'The source has let go of what was to be copied' },
    };
  }
  if (point.facts === null) return { kind: 'pending' };
  return {
    kind: 'ready',
    copyPoint: point.facts,
    serverId: record.serverId,
    snapshots: store.snapshots(),
  };
}

/** Takes a copy's word that it needs a point no longer, or only as a base. */
export function takeLetGo(store: ContainerStore, record: ContainerRecord, letGo: LetGo, nowMs: number): void {
  store.copies.letGo(letGo);
  releaseUnneeded(store, record, nowMs);
}

/** Tells the host of every copy point that may go, or need only be kept as a base; retries what failed. */
export function releaseUnneeded(store: ContainerStore, record: ContainerRecord, nowMs: number): void {
  for (const point of store.copies.points()) {
    if (point.state === 'making') continue;
    const wanted = store.copies.wanted(point.name);
    const isDue = (point.release?.retryAtMs ?? Infinity) <= nowMs;
    if (wanted === 'whole' || (wanted === point.told && !isDue)) continue;
    const operationId = operationIdOf(record.id, randomHex(8));
    store.copies.putPoint({ ...point, told: wanted, release: { operationId, retryAtMs: null } });
    store.appendErrand({
      kind: 'dispatch',
      dispatch: {
        operation_id: operationId,
        container_id: record.id,
        incarnation: record.incarnation,
        command: 'release-copy',
        spec: machineSpec(record),
        parameters: { copy_point: point.name, keep_base: wanted === 'base' },
        deadline_at: new Date(nowMs + NEVER_MS).toISOString(),
        request_id: operationId,
      },
    });
  }
}

/** Takes the host's word about a release; one that failed is tried again later. */
export function settleRelease(
  store: ContainerStore,
  operationId: string,
  isDone: boolean,
  nowMs: number,
): void {
  const point = store.copies.points().find(({ release }) => release?.operationId === operationId);
  if (point === undefined) return;
  if (!isDone) {
    store.copies.putPoint({
      ...point,
      release: { operationId, retryAtMs: nowMs + RELEASE_RETRY_MS },
    });
  } else if (point.told === 'gone') store.copies.deletePoint(point.name);
  else store.copies.putPoint({ ...point, release: null });
}

/** Ends the copy points in the making of a container that is being deleted. */
export function abandonCopyPoints(store: ContainerStore): void {
  const error: ApiError = {
    code: 'SOURCE_CONTAINER_NOT_FOUND',
    message: 'The source container is being deleted',
  };
  for (const point of store.copies.points()) {
    if (point.state === 'making') store.copies.putPoint({ ...point, state: 'failed', error });
  }
}

/** Copies that have been waited for too long and must be asked. */
export function overdueTargets(store: ContainerStore, nowMs: number): PendingTarget[] {
  return store.copies.pendingTargets().filter(({ sinceMs }) => sinceMs + PATIENCE_MS <= nowMs);
}

/** When something about copy points is next to be done; null: nothing. Unix ms. */
export function nextCopyWork(store: ContainerStore): number | null {
  const retries = store.copies.points().flatMap(({ release }: CopyPointRow) => release?.retryAtMs ?? []);
  const questions = store.copies.pendingTargets().map(({ sinceMs }) => sinceMs + PATIENCE_MS);
  const times = [...retries, ...questions];
  return times.length === 0 ? null : Math.min(...times);
}
