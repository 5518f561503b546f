import type { OperationProgress, OperationView } from '../objects/container/messages.ts';
import { isoTime } from './present-container.ts';

const STATUSES = {
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  timed_out: 'failed',
  superseded: 'cancelled',
} as const;

/** The wire form of an operation. */
export function presentOperation(operation: OperationView) {
  const { result } = operation;
  return {
    id: operation.id,
    container_id: operation.containerId,
    command: operation.command,
    status: STATUSES[operation.status],
    incarnation: operation.incarnation,
    created_at: isoTime(operation.createdAt),
    started_at: isoTime(operation.createdAt),
    finished_at: operation.finishedAt === null ? null : isoTime(operation.finishedAt),
    deadline_at: isoTime(operation.deadlineAt),
    progress: operation.progress === null ? null : presentProgress(operation.progress),
    result: result === null ? null : { ...result },
    error: operation.error === null ? null : { code: operation.error.code, message: operation.error.message },
    url: `/api/v1/operations/${operation.id}`,
  };
}

/** The wire form of an operation's progress. */
export function presentProgress(progress: OperationProgress) {
  return {
    step: progress.step,
    step_index: progress.stepIndex,
    step_count: progress.stepCount,
    bytes_done: progress.bytesDone,
    bytes_total: progress.bytesTotal,
    bytes_per_second: progress.bytesPerSecond,
    remaining_ms: progress.remainingMs,
  };
}
