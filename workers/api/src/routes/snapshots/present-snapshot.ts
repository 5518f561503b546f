import type { SnapshotRecord } from '../../objects/container/messages.ts';
import { isoTime } from '../../containers/present-container.ts';

/** The wire form of a snapshot. */
export function presentSnapshot(snapshot: SnapshotRecord) {
  return {
    name: snapshot.name,
    alias: snapshot.alias,
    created_at: isoTime(snapshot.createdAt),
    last_used_at: snapshot.lastUsedAt === null ? null : isoTime(snapshot.lastUsedAt),
    expires_at: snapshot.expiresAt === null ? null : isoTime(snapshot.expiresAt),
    stateful: snapshot.stateful,
    size: snapshot.sizeBytes,
  };
}
