/** Operations: what the control plane does to a container, from acceptance to its one outcome. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, ObjectId, OperationId, Timestamp, queryInteger } from './scalars.ts';

export const OPERATION_STATUSES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

export const OPERATION_WAIT_SECONDS_MAX = 60;

/** The operation that runs on a container, as its answers show it. */
export const RunningOperation = lazy(() =>
  z.object({ id: OperationId(), command: z.string(), started_at: Timestamp() }),
);

/** Why a container or an operation failed. */
export const Failure = lazy(() => z.object({ code: z.string(), message: z.string() }));

/**
 * How far an operation has come. Bytes of the current step and an estimate of what remains are there when its
 * host can tell them.
 */
const OperationProgress = lazy(() =>
  z.object({
    step: z.string(),
    step_index: Count(),
    step_count: Count(),
    bytes_done: Count().nullable(),
    bytes_total: Count().nullable(),
    bytes_per_second: Count().nullable(),
    remaining_ms: Count().nullable(),
  }),
);

/**
 * An operation. `error` is set when it failed or was cancelled; `result` when it succeeded; `progress`
 * while its host tells any. `url` is the path under which it can be asked for again.
 */
export const Operation = lazy(() =>
  z.object({
    id: OperationId(),
    container_id: ObjectId(),
    command: z.string(),
    status: z.enum(OPERATION_STATUSES),
    incarnation: Count(),
    created_at: Timestamp(),
    started_at: Timestamp().nullable(),
    finished_at: Timestamp().nullable(),
    deadline_at: Timestamp(),
    progress: OperationProgress().nullable(),
    result: z.record(z.string(), z.unknown()).nullable(),
    error: Failure().nullable(),
    url: z.string(),
  }),
);

export const OperationParams = lazy(() => z.strictObject({ id: OperationId() }));

/** `wait`: seconds for which the answer may be held back until the operation has its outcome. */
export const OperationQuery = lazy(() =>
  z.object({ wait: queryInteger(0, OPERATION_WAIT_SECONDS_MAX).default(0) }),
);
