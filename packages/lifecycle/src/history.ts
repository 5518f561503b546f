/**
 * Whether a container's status log reads as one legal serial story. Used by tests and by operators who
 * audit a log; the object itself can only write legal rows.
 */
import { type ContainerCommand, type ContainerStatus } from './status.ts';
import { TRANSITIONS } from './table.ts';
import { isObservable } from './transition.ts';

export interface HistoryRow {
  readonly fromStatus: ContainerStatus | null;
  readonly toStatus: ContainerStatus;
  /** The command whose operation caused it; null when the host reported on its own. */
  readonly command: ContainerCommand | null;
}

/** The first thing wrong with `rows` (oldest first), or null when the history is legal. */
export function findHistoryFault(rows: readonly HistoryRow[]): string | null {
  let current: ContainerStatus | null = null;
  for (const [index, row] of rows.entries()) {
    if (row.fromStatus !== current)
      return `row ${index} starts from ${row.fromStatus}, the one before ended in ${current}`;
    if (!isLegalStep(row))
      return `row ${index} goes from ${row.fromStatus} to ${row.toStatus} by ${row.command}`;
    current = row.toStatus;
  }
  return null;
}

function isLegalStep({ fromStatus, toStatus, command }: HistoryRow): boolean {
  if (fromStatus === null) return command === 'create' && toStatus === 'creating';
  if (fromStatus === 'deleted') return false;
  if (command === null) return isObservable(fromStatus) && (isObservable(toStatus) || toStatus === 'failed');
  if (command === 'create')
    return fromStatus === 'creating' && (toStatus === 'running' || toStatus === 'failed');
  if (command === 'delete')
    return toStatus === 'deleting' || (fromStatus === 'deleting' && toStatus === 'deleted');
  const transition = TRANSITIONS[command].from[fromStatus];
  if (transition === undefined) return false;
  // An operation that failed leaves the machine in whatever state the host's undo reached.
  return toStatus === transition.after || isObservable(toStatus) || toStatus === 'failed';
}
