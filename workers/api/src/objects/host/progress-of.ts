import type { HostMessage } from '@control-plane/contract/link';
import type { HostProgress } from '../container/messages.ts';

type Progress = Extract<HostMessage, { type: 'progress' }>;

/** What a host tells of a running operation, as its container takes it. */
export function progressOf(message: Progress): HostProgress {
  return {
    operationId: message.operation_id,
    incarnation: message.incarnation,
    step: message.step,
    stepIndex: message.step_index,
    stepCount: message.step_count,
    bytesDone: message.bytes_done ?? null,
    bytesTotal: message.bytes_total ?? null,
    bytesPerSecond: message.bytes_per_second ?? null,
    remainingMs: message.remaining_ms ?? null,
  };
}
