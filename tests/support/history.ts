import { findHistoryFault, type ContainerCommand, type ContainerStatus } from '@control-plane/lifecycle';
import type { HistoryEntry } from './api-client.ts';

/** Fails unless a status log, oldest row first, reads as one legal serial story. */
export function expectLegalHistory(entries: readonly HistoryEntry[]): void {
  const rows = entries.map((entry) => ({
    fromStatus: entry.from_status as ContainerStatus | null,
    toStatus: entry.to_status as ContainerStatus,
    command: entry.metadata.command as ContainerCommand | null,
  }));
  const fault = findHistoryFault(rows);
  if (fault !== null) throw new Error(`${fault}: ${JSON.stringify(rows)}`);
}
