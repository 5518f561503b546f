/**
 * Turns one decision of the lifecycle into everything that must be written with it: the container, its
 * operation, status log, events and projection. Runs inside the object's one synchronous block.
 */
import { randomObjectId } from '@control-plane/serving';
import type { ContainerCommand, ContainerRecord, LifecycleState } from '@control-plane/lifecycle';
import type { Actor } from './messages.ts';
import type { ContainerStore, Loaded } from './store.ts';

/** Nobody: the system itself. */
export const SYSTEM: Actor = { userId: null, tokenId: null };

export interface Cause {
  readonly command: ContainerCommand | null;
  readonly operationId: string | null;
  readonly actor: Actor;
  /** Why a host reported on its own; null for operations. */
  readonly cause: string | null;
  /** Milliseconds from the operation's start to this transition; null at its start. */
  readonly durationMs: number | null;
}

/** Commands after whose success the machine was booted anew, worth a row although the status is the same. */
const REBOOTS = new Set<ContainerCommand | null>(['restart', 'restore']);
const CREATIONS = new Set<ContainerCommand | null>(['create', 'copy', 'claim']);

/**
 * Stores `record` moved to `next`, with a status row and an event when the status changed (or the machine
 * was booted anew), and its projection. Returns what is stored.
 */
export function journalTransition(
  store: ContainerStore,
  before: Loaded | null,
  record: ContainerRecord,
  next: LifecycleState,
  cause: Cause,
  nowMs: number,
): Loaded {
  const previous = before?.record ?? null;
  const operation = next.operation;
  const stored: ContainerRecord = {
    ...record,
    status: next.status,
    incarnation: next.incarnation,
    version: (previous?.version ?? 0) + 1,
    operation:
      operation === null
        ? null
        : { id: operation.id, command: operation.command, startedAt: operation.startedAtMs },
    failure: next.status === 'failed' ? record.failure : null,
    updatedAt: nowMs,
  };
  const loaded: Loaded = { record: stored, running: operation };
  store.save(loaded);

  const settled = cause.durationMs !== null;
  if (previous?.status !== stored.status || (settled && REBOOTS.has(cause.command))) {
    const row = store.appendStatus({
      id: randomObjectId(),
      fromStatus: previous?.status ?? null,
      toStatus: stored.status,
      triggeredBy: triggeredBy(cause),
      triggeredByUserId: cause.actor.userId,
      operationId: cause.operationId,
      command: cause.command,
      cause: cause.cause,
      durationMs: cause.durationMs,
      transitionTime: nowMs,
    });
    // What is nobody's yet is in no list, log or event of anybody.
    if (!stored.prespawn) {
      store.appendOutbox({ kind: 'status_log', row: { ...row, containerId: stored.id, createdAt: nowMs } });
    }
    journalEvent(store, stored, `container.${stored.status}`, nowMs, {
      from_status: row.fromStatus,
      to_status: row.toStatus,
      operation_id: row.operationId,
      command: row.command,
      cause: row.cause,
    });
  }
  return loaded;
}

/** Appends an event about a container to the outbox. */
export function journalEvent(
  store: ContainerStore,
  record: ContainerRecord,
  eventType: string,
  nowMs: number,
  detail: Record<string, unknown>,
): void {
  if (record.prespawn) return;
  store.appendOutbox({
    kind: 'event',
    event: {
      id: randomObjectId(),
      userId: record.userId,
      eventType,
      resourceType: 'container',
      resourceId: record.id,
      payload: {
        container_id: record.id,
        project_id: record.projectId,
        container: { id: record.id, name: record.name, status: record.status },
        ...detail,
      },
      realmIds: record.realmIds,
      createdAt: nowMs,
    },
  });
}

function triggeredBy(cause: Cause): string {
  if (CREATIONS.has(cause.command)) return 'container_creation';
  if (cause.command === 'delete') return 'container_deletion';
  // Nobody but the keeper of rentals stops a machine without being a user.
  if (cause.actor.userId === null && (cause.command === 'stop' || cause.command === 'force-stop'))
    return 'server_expiration';
  return cause.command === null ? `host_${cause.cause ?? 'report'}` : 'manual_operation';
}
