/** What copies and syncs mean for the copy itself. Runs inside the object's one block. */
import type { ApiError } from '@control-plane/contract/errors';
import type { OperationResult } from '@control-plane/contract/link';
import type { ContainerCommand, ContainerRecord } from '@control-plane/lifecycle';
import type { CopyProgress, CopyRequest } from './copy-messages.ts';
import { journalEvent } from './journal.ts';
import { projectedSnapshot } from './snapshots.ts';
import type { ContainerStore } from './store.ts';

/** Notes where a new copy comes from. */
export function beginCopy(store: ContainerStore, command: ContainerCommand, copy: CopyRequest): void {
  if (command === 'copy') store.copies.setOrigin({ sourceId: copy.sourceId, base: null });
}

/**
 * Writes how a copy or sync ended and tells the source so; returns the changed container. After a success
 * both sides hold the copy point as the base of the next sync.
 */
export function settleCopy(
  store: ContainerStore,
  record: ContainerRecord,
  { command, copy }: { readonly command: ContainerCommand; readonly copy: CopyProgress },
  end: { readonly status: string; readonly error: ApiError | null; readonly result: OperationResult | null },
  nowMs: number,
): ContainerRecord {
  const succeeded = end.status === 'succeeded';
  const { sourceId, copyPoint } = copy;
  store.copies.appendNotice({
    to: sourceId,
    letGo: { targetId: record.id, copyPoint, keepAsBase: succeeded },
  });
  if (!succeeded) {
    const hasLostBase = end.error?.code === 'SYNC_BASE_GONE';
    if (hasLostBase) store.copies.setOrigin({ sourceId, base: null });
    return record;
  }
  store.copies.setOrigin({ sourceId, base: copyPoint });
  const { result } = end;
  for (const facts of result?.snapshots ?? []) {
    const known = copy.travelling.find(({ name }) => name === facts.name);
    const snapshot = {
      name: facts.name,
      alias: known?.alias ?? null,
      stateful: facts.stateful,
      sizeBytes: facts.size_bytes,
      createdAt: Date.parse(facts.created_at),
      expiresAt: known?.expiresAt ?? null,
      lastUsedAt: null,
    };
    store.putSnapshot(snapshot);
    store.appendOutbox({ kind: 'snapshot', row: projectedSnapshot(snapshot, record, nowMs) });
  }
  const restoredAs = result?.restored_as ?? null;
  journalEvent(store, record, command === 'sync' ? 'container.synced' : 'container.copied', nowMs, {
    source_container_id: sourceId,
    restored_as: restoredAs,
    bytes_transferred: result?.bytes_transferred ?? null,
  });
  return { ...record, snapshotCount: store.snapshots().length, lastRestoredAs: restoredAs };
}

/** A container is gone: no copy finds anything here any more, and its own source need keep nothing for it. */
export function endCopies(store: ContainerStore, record: ContainerRecord): void {
  store.copies.forgetPoints();
  const origin = store.copies.origin();
  if (origin === null) return;
  store.copies.appendNotice({
    to: origin.sourceId,
    letGo: { targetId: record.id, copyPoint: null, keepAsBase: false },
  });
}
