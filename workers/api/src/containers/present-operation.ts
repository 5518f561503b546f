import type { OperationView } from '../objects/container/messages.ts';
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
    progress: null,
    result: result === null ? null : { ...result },
    error: operation.error === null ? null : { code: operation.error.code, message: operation.error.message },
    url: `/api/v1/operations/${operation.id}`,
  };
}
