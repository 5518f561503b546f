import type { OperationResult } from '@control-plane/contract/link';
import type { ContainerRecord } from '@control-plane/lifecycle';
import { journalEvent } from './journal.ts';
import type { SnapshotRecord } from './messages.ts';
import type { ContainerStore, OperationRow } from './store.ts';

/** `snap-YYYYMMDD-HHMMSS` (UTC), with `-2`, `-3` … when that second already has one. */
export function newSnapshotName(store: ContainerStore, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const taken = new Set(store.snapshots().map(({ name }) => name));
  for (let suffix = 1; ; suffix += 1) {
    const name = suffix === 1 ? `snap-${stamp}` : `snap-${stamp}-${suffix}`;
    if (!taken.has(name)) return name;
  }
}

/** Writes what a succeeded snapshot, restore or delete-snapshot means; returns the changed container. */
export function settleSnapshot(
  store: ContainerStore,
  record: ContainerRecord,
  operation: OperationRow,
  snapshotName: string,
  result: OperationResult | null,
  nowMs: number,
): ContainerRecord {
  switch (operation.command) {
    case 'snapshot': {
      const facts = result?.snapshot;
      if (facts === undefined) return record;
      const snapshot: SnapshotRecord = {
        name: facts.name,
        alias: operation.snapshot?.alias ?? null,
        stateful: facts.stateful,
        sizeBytes: facts.size_bytes,
        createdAt: Date.parse(facts.created_at),
        expiresAt: operation.snapshot?.expiresAt ?? null,
        lastUsedAt: null,
      };
      store.putSnapshot(snapshot);
      store.appendOutbox({
        kind: 'snapshot',
        row: projectedSnapshot(snapshot, record, nowMs),
      });
      journalEvent(store, record, 'container.snapshot.created', nowMs, {
        snapshot: facts.name,
        stateful: facts.stateful,
      });
      return { ...record, snapshotCount: store.snapshots().length };
    }
    case 'restore': {
      const restoredAs = result?.restored_as ?? null;
      const used = store.snapshot(snapshotName);
      if (used !== null) store.putSnapshot({ ...used, lastUsedAt: nowMs });
      journalEvent(store, record, 'container.snapshot.restored', nowMs, {
        snapshot: snapshotName,
        restored_as: restoredAs,
      });
      return { ...record, lastUsedSnapshot: snapshotName, lastRestoredAs: restoredAs };
    }
    case 'delete-snapshot':
      store.deleteSnapshot(snapshotName);
      store.appendOutbox({ kind: 'snapshot_deleted', containerId: record.id, name: snapshotName });
      journalEvent(store, record, 'container.snapshot.deleted', nowMs, {
        snapshot: snapshotName,
        // Nobody asked for it but its own expiry.
        reason: operation.actor.userId === null ? 'expired' : 'requested',
      });
      return { ...record, snapshotCount: store.snapshots().length };
    default:
      return record;
  }
}

/** The libSQL row of a snapshot; `version` orders its writes. */
export function projectedSnapshot(snapshot: SnapshotRecord, record: ContainerRecord, version: number) {
  const { name, alias, stateful, sizeBytes, createdAt, expiresAt } = snapshot;
  return {
    containerId: record.id,
    userId: record.userId,
    version,
    name,
    alias,
    stateful,
    sizeBytes,
    createdAt,
    expiresAt,
  };
}
