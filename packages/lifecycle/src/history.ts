/**
 * Whether a container's status log reads as one legal serial story. Used by tests and by operators who
 * audit a log; the object itself can only write legal rows.
 */
import { type ContainerCommand, type ContainerStatus } from './status.ts';
import { CREATIONS, TRANSITIONS, isCreation } from './table.ts';
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

/** Statuses that only an operation shows, while it runs. */
function isTransient(status: ContainerStatus): boolean {
  return status === 'copying' || status === 'claiming';
}

function isLegalStep({ fromStatus, toStatus, command }: HistoryRow): boolean {
  if (fromStatus === null) {
    return command !== null && isCreation(command) && toStatus === CREATIONS[command].during;
  }
  if (fromStatus === 'deleted') return false;
  if (command === null) return isObservable(fromStatus) && (isObservable(toStatus) || toStatus === 'failed');
  if (isCreation(command)) {
    const { during, after } = CREATIONS[command];
    return fromStatus === during && (toStatus === after || toStatus === 'failed');
  }
  if (command === 'delete')
    return toStatus === 'deleting' || (fromStatus === 'deleting' && toStatus === 'deleted');
  const { from } = TRANSITIONS[command];
  if (Object.values(from).some(({ during }) => during === toStatus && isTransient(during))) {
    return from[fromStatus]?.during === toStatus;
  }
  if (isTransient(fromStatus)) {
    const began = Object.values(from).some(({ during }) => during === fromStatus);
    return began && (isObservable(toStatus) || toStatus === 'failed');
  }
  const transition = from[fromStatus];
  if (transition === undefined) return false;
  // An operation that failed leaves the machine in whatever state the host's undo reached.
  return toStatus === transition.after || isObservable(toStatus) || toStatus === 'failed';
}
