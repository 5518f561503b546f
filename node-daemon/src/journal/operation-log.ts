import { Dispatch, HostErrorCode, ObservedState } from '@control-plane/contract/link';
import * as z from 'zod';
import type { HostFailure } from '../outcome.ts';
import { readNumber, readOptionalText, readText, type Journal } from './journal.ts';

export const OperationStatus = z.enum(['queued', 'running', 'undoing', 'completed', 'failed']);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** Why an operation must not go on. */
export const CancelReason = z.enum(['cancelled', 'superseded']);
export type CancelReason = z.infer<typeof CancelReason>;

export type OperationRecord = {
  readonly dispatch: Dispatch;
  readonly status: OperationStatus;
  /** What the machine was when the operation began. */
  readonly initialState: ObservedState | undefined;
  readonly cancelReason: CancelReason | undefined;
  /** Why it is being undone. */
  readonly failure: HostFailure | undefined;
  /** The message that told the control plane its end, as JSON. */
  readonly result: string | undefined;
  readonly receivedAtMs: number;
};

export type StepRecord = {
  readonly index: number;
  readonly name: string;
  readonly status: 'begun' | 'done' | 'undone';
  readonly durationMs: number;
};

const StoredFailure = z.strictObject({ code: HostErrorCode(), message: z.string() });
const StepStatus = z.enum(['begun', 'done', 'undone']);
/** Ended operations that are kept, so that a repeated id gets its recorded answer. */
const endedOperationsKept = 10_000;

/** Operations and their steps. Every call is durable when it returns. */
export class OperationLog {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  find(operationId: string): OperationRecord | undefined {
    const row = this.#journal.prepare('select * from operations where operation_id = ?').get(operationId);
    return row === undefined ? undefined : toRecord(row);
  }

  /** Why an operation must not go on; undefined: it may. */
  cancelReason(operationId: string): CancelReason | undefined {
    const row = this.#journal
      .prepare('select cancel_reason from operations where operation_id = ?')
      .get(operationId);
    const reason = row === undefined ? undefined : readOptionalText(row, 'cancel_reason');
    return reason === undefined ? undefined : CancelReason.parse(reason);
  }

  /** Puts an ended operation back to its beginning, as if it had been dispatched just now. */
  requeue(dispatch: Dispatch): void {
    this.#journal.prepare('delete from steps where operation_id = ?').run(dispatch.operation_id);
    this.#journal
      .prepare(
        `update operations set status = 'queued', dispatch = ?, sequence = ?, result = null, failure = null,
           cancel_reason = null, ended_at_ms = null where operation_id = ?`,
      )
      .run(JSON.stringify(dispatch), dispatch.sequence, dispatch.operation_id);
  }

  /** Operations that have not ended, in the order in which they were dispatched. */
  unfinished(): OperationRecord[] {
    const query = `select * from operations where status in ('queued', 'running', 'undoing') order by sequence`;
    return this.#journal.prepare(query).all().map(toRecord);
  }

  add(dispatch: Dispatch, nowMs: number): void {
    this.#journal
      .prepare(
        `insert into operations (operation_id, container_id, incarnation, sequence, status, dispatch, received_at_ms)
         values (?, ?, ?, ?, 'queued', ?, ?)`,
      )
      .run(
        dispatch.operation_id,
        dispatch.container_id,
        dispatch.incarnation,
        dispatch.sequence,
        JSON.stringify(dispatch),
        nowMs,
      );
  }

  begin(operationId: string, initialState: ObservedState, nowMs: number): void {
    this.#journal
      .prepare(
        `update operations set status = 'running', initial_state = ?, begun_at_ms = ?
         where operation_id = ? and status = 'queued'`,
      )
      .run(initialState, nowMs, operationId);
  }

  beginStep(operationId: string, index: number, name: string): void {
    this.#journal
      .prepare(
        `insert or replace into steps (operation_id, step_index, name, status) values (?, ?, ?, 'begun')`,
      )
      .run(operationId, index, name);
  }

  endStep(operationId: string, index: number, status: 'done' | 'undone', durationMs: number): void {
    this.#journal
      .prepare('update steps set status = ?, duration_ms = ? where operation_id = ? and step_index = ?')
      .run(status, durationMs, operationId, index);
  }

  steps(operationId: string): StepRecord[] {
    const query = 'select * from steps where operation_id = ? order by step_index';
    return this.#journal
      .prepare(query)
      .all(operationId)
      .map((row) => ({
        index: readNumber(row, 'step_index'),
        name: readText(row, 'name'),
        status: StepStatus.parse(row['status']),
        durationMs: row['duration_ms'] === null ? 0 : readNumber(row, 'duration_ms'),
      }));
  }

  cancel(operationId: string, reason: CancelReason): void {
    this.#journal
      .prepare(
        `update operations set cancel_reason = coalesce(cancel_reason, ?)
         where operation_id = ? and status in ('queued', 'running')`,
      )
      .run(reason, operationId);
  }

  startUndo(operationId: string, failure: HostFailure): void {
    this.#journal
      .prepare(`update operations set status = 'undoing', failure = ? where operation_id = ?`)
      .run(JSON.stringify({ code: failure.code, message: failure.message }), operationId);
  }

  end(operationId: string, status: 'completed' | 'failed', result: string, nowMs: number): void {
    this.#journal
      .prepare('update operations set status = ?, result = ?, ended_at_ms = ? where operation_id = ?')
      .run(status, result, nowMs, operationId);
  }

  /** Forgets the oldest ended operations beyond what is kept. */
  prune(): void {
    this.#journal.transaction(() => {
      this.#journal
        .prepare(
          `delete from operations where operation_id in (
             select operation_id from operations where ended_at_ms is not null
             order by ended_at_ms desc limit -1 offset ?)`,
        )
        .run(endedOperationsKept);
      this.#journal.database.exec(
        'delete from steps where operation_id not in (select operation_id from operations)',
      );
    });
  }
}

function toRecord(row: object): OperationRecord {
  const failure = readOptionalText(row, 'failure');
  const cancelReason = readOptionalText(row, 'cancel_reason');
  const initialState = readOptionalText(row, 'initial_state');
  return {
    dispatch: Dispatch().parse(JSON.parse(readText(row, 'dispatch'))),
    status: OperationStatus.parse(readText(row, 'status')),
    initialState: initialState === undefined ? undefined : ObservedState().parse(initialState),
    cancelReason: cancelReason === undefined ? undefined : CancelReason.parse(cancelReason),
    failure: failure === undefined ? undefined : StoredFailure.parse(JSON.parse(failure)),
    result: readOptionalText(row, 'result'),
    receivedAtMs: readNumber(row, 'received_at_ms'),
  };
}
