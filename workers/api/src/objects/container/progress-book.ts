import type { ContainerRecord, RunningOperation } from '@control-plane/lifecycle';
import { journalEvent } from './journal.ts';
import type { OperationProgress } from './messages.ts';
import type { ContainerStore } from './store.ts';

/** Operations that are over sooner tell nothing by events, longer ones tell it this often. */
const EVENT_INTERVAL_MS = 10_000;

/**
 * How far the running operation has come, as its host last told. Kept in memory only: the next word of the
 * host fills it again.
 */
export class ProgressBook {
  #operationId: string | null = null;
  #progress: OperationProgress | null = null;
  #lastEventAtMs = 0;

  note(operationId: string, progress: OperationProgress): void {
    this.#operationId = operationId;
    this.#progress = progress;
  }

  of(operationId: string): OperationProgress | null {
    return this.#operationId === operationId ? this.#progress : null;
  }

  /** Whether subscribers shall hear of it now; true at most once in an interval. */
  isEventDue({ startedAtMs }: RunningOperation, nowMs: number): boolean {
    if (nowMs - Math.max(startedAtMs, this.#lastEventAtMs) < EVENT_INTERVAL_MS) return false;
    this.#lastEventAtMs = nowMs;
    return true;
  }
}

/** Tells subscribers how far an operation has come. */
export function journalProgress(
  store: ContainerStore,
  record: ContainerRecord,
  { id, command }: RunningOperation,
  progress: OperationProgress,
  nowMs: number,
): void {
  journalEvent(store, record, 'container.operation_progress', nowMs, {
    operation_id: id,
    command,
    step: progress.step,
    step_index: progress.stepIndex,
    step_count: progress.stepCount,
    bytes_done: progress.bytesDone,
    bytes_total: progress.bytesTotal,
    bytes_per_second: progress.bytesPerSecond,
    remaining_ms: progress.remainingMs,
  });
}
