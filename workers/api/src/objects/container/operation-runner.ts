/**
 * Carries an operation of one container from its acceptance to its one outcome: accepts, dispatches,
 * settles, expires. Each change is one synchronous block.
 */
import { randomHex, type Logger } from '@control-plane/serving';
import type { ApiError } from '@control-plane/contract/errors';
import type { DispatchParameters, HostCommand } from '@control-plane/contract/link';
import {
  decideCommand,
  decideDeadline,
  decideHostPhase,
  type ContainerCommand,
  type ContainerRecord,
  type LifecycleState,
} from '@control-plane/lifecycle';
import { operationIdOf } from '../../ids.ts';
import { configured, noteChanges } from './configuration.ts';
import type { CopyRequest, TravellingSnapshot } from './copy-messages.ts';
import { abandonCopyPoints, beginCopyPoint, settleCopyPoint } from './copy-points.ts';
import type { Departures } from './departures.ts';
import { journalTransition, SYSTEM, type Cause } from './journal.ts';
import { hostCommandOf, machineSpec } from './machine-spec.ts';
import type { CommandOutcome, HostReport, Invocation, OperationView, UpdateInput } from './messages.ts';
import type { ProgressBook } from './progress-book.ts';
import { refusal, wrongStatus } from './refusal.ts';
import { beginCopy, endCopies, settleCopy } from './settle-copy.ts';
import { settleSnapshot } from './snapshots.ts';
import { lifecycleState, type ContainerStore, type Loaded, type OperationRow } from './store.ts';
import { Waiters } from './waiters.ts';

const RETRY_DELAY_MS = 10_000;
/** A delete has no moment after which a host may skip it; neither has the look at a machine. */
const NEVER_MS = 365 * 24 * 3600 * 1000;

/** What an accepted command brings along. */
export interface Request {
  readonly command: ContainerCommand;
  /** Tells one use of a command from another; equal ones join. */
  readonly subject: string;
  readonly parameters: DispatchParameters;
  /** create: the new container. */
  readonly record?: ContainerRecord;
  /** update: what changes. */
  readonly change?: UpdateInput;
  readonly snapshot?: { readonly alias: string | null; readonly expiresAt: number | null };
  /** copy, sync: what is wanted of the source. The host hears of it by `beginHostPhase` only. */
  readonly copy?: CopyRequest;
  /** copy-out: the copy that asked first. */
  readonly copyOut?: { readonly name: string; readonly targetId: string };
}

export function refused(error: ApiError, record: ContainerRecord | null): CommandOutcome {
  return { kind: 'refused', error, record };
}

export class OperationRunner {
  readonly #storage: DurableObjectStorage;
  readonly #store: ContainerStore;
  readonly #departures: Departures;
  readonly #log: Logger;
  readonly #progress: ProgressBook;
  readonly #waiters = new Waiters();

  constructor(
    storage: DurableObjectStorage,
    store: ContainerStore,
    departures: Departures,
    progress: ProgressBook,
    log: Logger,
  ) {
    this.#storage = storage;
    this.#progress = progress;
    this.#store = store;
    this.#departures = departures;
    this.#log = log;
  }

  /** Decides and commits in one synchronous block, lets the errands out and waits for the outcome. */
  async run(invocation: Invocation, request: Request): Promise<CommandOutcome> {
    const nowMs = Date.now();
    const { command, subject } = request;
    // Loaded here and not before: the caller's checks may have waited, and others may have come first.
    const loaded = this.#store.load();
    const only = request.change?.onlyWhile;
    if (loaded !== null && only !== undefined && loaded.record.status !== only) {
      return refused(wrongStatus(loaded.record, only), loaded.record);
    }
    const decision = decideCommand(lifecycleState(loaded), {
      command,
      operationId: invocation.operationId,
      subject,
      nowMs,
    });
    if (decision.kind === 'refused') {
      const error = refusal(decision.reason, command, loaded?.record ?? null, loaded?.running ?? null);
      return refused(error, loaded?.record ?? null);
    }
    if (decision.kind === 'joined') return this.outcome(decision.operation.id, invocation.waitMs);

    this.#storage.transactionSync(() =>
      this.#accept(loaded, decision.next, decision.superseded?.id ?? null, invocation, request, nowMs),
    );
    this.#log.info('command accepted', {
      operation_id: invocation.operationId,
      request_id: invocation.requestId,
      command,
    });
    if (decision.superseded !== null) this.#waiters.release(decision.superseded.id);
    // A list shows a new status at once; that something runs it may learn together with the outcome.
    const isStatusNew = decision.next.status !== loaded?.record.status;
    await (isStatusNew || invocation.waitMs === 0
      ? this.#departures.leave()
      : this.#departures.sendErrands());
    return this.outcome(invocation.operationId, invocation.waitMs);
  }

  /** An operation's outcome, or what is known of it after `waitMs`. */
  async outcome(operationId: string, waitMs: number): Promise<CommandOutcome> {
    if (waitMs > 0 && this.#store.operation(operationId)?.status === 'running') {
      await this.#waiters.wait(operationId, waitMs);
    }
    const operation = this.#store.operation(operationId);
    const loaded = this.#store.load();
    if (operation === null || loaded === null) return refused(refusal('gone', 'start', null, null), null);
    const { actor: _actor, requestId: _requestId, snapshot: _snapshot, copy: _copy, ...view } = operation;
    const isRunning = view.status === 'running';
    return {
      kind: isRunning ? 'pending' : 'finished',
      operation: { ...view, progress: isRunning ? this.#progress.of(operationId) : null },
      record: loaded.record,
    };
  }

  /**
   * Hands an operation that waited for another container to its own host. Does nothing when it is no longer
   * the one that runs.
   */
  async beginHostPhase(
    operationId: string,
    parameters: DispatchParameters,
    travelling: readonly TravellingSnapshot[],
  ): Promise<void> {
    const nowMs = Date.now();
    this.#storage.transactionSync(() => {
      const loaded = this.#store.load();
      const operation = this.#store.operation(operationId);
      if (loaded === null || operation?.copy?.phase !== 'source') return;
      const decision = decideHostPhase(lifecycleState(loaded), operationId);
      if (decision.kind === 'dropped') return;
      const cause: Cause = {
        command: operation.command,
        operationId,
        actor: operation.actor,
        cause: null,
        durationMs: null,
      };
      const { record } = journalTransition(this.#store, loaded, loaded.record, decision.next, cause, nowMs);
      const copy = { ...operation.copy, phase: 'host' as const, travelling };
      this.#store.putOperation({ ...operation, incarnation: record.incarnation, copy });
      const { requestId } = operation;
      const command = hostCommandOf(operation.command);
      const { deadlineAtMs } = decision.operation;
      this.#dispatch(record, operationId, command, parameters, requestId, deadlineAtMs);
      this.#departures.schedule();
    });
    await this.#departures.sendErrands();
  }

  /** Writes the end of the running operation, lets it be known, and releases those who wait for it. */
  async settle(
    loaded: Loaded,
    next: LifecycleState,
    operationId: string,
    end: End,
    cleanUp = false,
  ): Promise<void> {
    this.#storage.transactionSync(() => {
      const record = this.#end(loaded, next, operationId, end);
      if (cleanUp) this.#followUp(record, 'delete', operationId);
    });
    await this.#departures.leave();
    this.#waiters.release(operationId);
  }

  /** Gives up the running operation if its deadline has passed; the host is told and asked what it has. */
  expire(nowMs: number): void {
    const loaded = this.#store.load();
    const state = lifecycleState(loaded);
    if (loaded === null || state === null) return;
    const decision = decideDeadline(state, nowMs);
    if (decision.kind === 'not_due') return;
    const { operation } = decision;
    const requestId = this.#store.operation(operation.id)?.requestId ?? operation.id;
    this.#storage.transactionSync(() => {
      if (decision.kind === 'extended') {
        const stored: Loaded = { record: loaded.record, running: decision.next.operation };
        this.#store.save(stored);
        this.#dispatch(stored.record, operation.id, 'delete', {}, requestId, nowMs + NEVER_MS);
      } else {
        const message = `The host did not confirm "${operation.command}" in time; the container's state is being checked`;
        const record = this.#end(loaded, decision.next, operation.id, {
          status: 'timed_out',
          error: { code: 'OPERATION_TIMEOUT', message },
          report: null,
        });
        this.#store.appendErrand({ kind: 'cancel', operationId: operation.id });
        this.#followUp(record, decision.cleanUp ? 'delete' : 'inspect', requestId);
      }
      this.#departures.schedule();
    });
    this.#log.warn('operation past its deadline', {
      operation_id: operation.id,
      command: operation.command,
      decision: decision.kind,
    });
    this.#waiters.release(operation.id);
  }

  /** Brings the running operation's deadline near: its alarm dispatches a delete anew. */
  retrySoon({ record, running }: Loaded): void {
    if (running === null) return;
    this.#storage.transactionSync(() => {
      this.#store.save({ record, running: { ...running, deadlineAtMs: Date.now() + RETRY_DELAY_MS } });
      this.#departures.schedule();
    });
  }

  #accept(
    loaded: Loaded | null,
    next: LifecycleState,
    supersededId: string | null,
    invocation: Invocation,
    request: Request,
    nowMs: number,
  ): void {
    const before = request.record ?? loaded?.record;
    const { operation } = next;
    if (before === undefined || operation === null)
      throw new Error('an accepted command has a container and an operation');
    if (supersededId !== null) {
      this.#finish(supersededId, {
        status: 'superseded',
        error: { code: 'OPERATION_SUPERSEDED', message: 'The container is being deleted' },
        report: null,
      });
    }
    const base = request.change === undefined ? before : configured(before, request.change);
    if (request.change !== undefined) noteChanges(this.#store, before, base, nowMs);
    const { command } = request;
    const cause: Cause = {
      command,
      operationId: operation.id,
      actor: invocation.actor,
      cause: null,
      durationMs: null,
    };
    const { record } = journalTransition(this.#store, loaded, base, next, cause, nowMs);
    this.#store.putOperation({
      id: operation.id,
      containerId: record.id,
      command,
      status: 'running',
      incarnation: record.incarnation,
      createdAt: nowMs,
      deadlineAt: operation.deadlineAtMs,
      finishedAt: null,
      error: null,
      result: null,
      actor: invocation.actor,
      requestId: invocation.requestId,
      snapshot: request.snapshot ?? null,
      copy: request.copy === undefined ? null : { ...request.copy, phase: 'source', travelling: [] },
    });
    if (request.copyOut !== undefined) beginCopyPoint(this.#store, record, request.copyOut, nowMs);
    if (command === 'delete') abandonCopyPoints(this.#store);
    if (request.copy !== undefined) {
      beginCopy(this.#store, command, request.copy);
      this.#departures.schedule();
      return;
    }
    const deadline = command === 'delete' ? nowMs + NEVER_MS : operation.deadlineAtMs;
    this.#dispatch(
      record,
      operation.id,
      hostCommandOf(command),
      request.parameters,
      invocation.requestId,
      deadline,
    );
    this.#departures.schedule();
  }

  #end(loaded: Loaded, next: LifecycleState, operationId: string, end: End): ContainerRecord {
    const nowMs = Date.now();
    const operation = this.#finish(operationId, end);
    const cause: Cause = {
      command: operation?.command ?? null,
      operationId,
      actor: operation?.actor ?? SYSTEM,
      cause: null,
      durationMs: nowMs - (loaded.running?.startedAtMs ?? nowMs),
    };
    const failure = end.error === null ? null : { code: end.error.code, message: end.error.message };
    let record: ContainerRecord = { ...loaded.record, failure };
    const result = end.report?.result ?? null;
    const subject = loaded.running?.subject ?? '';
    if (operation !== null && end.status === 'succeeded') {
      record = settleSnapshot(this.#store, record, operation, subject, result, nowMs);
    }
    if (operation !== null && operation.copy !== null) {
      const { copy } = operation;
      record = settleCopy(
        this.#store,
        record,
        { command: operation.command, copy },
        { ...end, result },
        nowMs,
      );
    }
    const { record: stored } = journalTransition(this.#store, loaded, record, next, cause, nowMs);
    if (operation?.command === 'copy-out') {
      settleCopyPoint(this.#store, stored, subject, { result, error: end.error }, nowMs);
    }
    if (next.status === 'deleted') {
      endCopies(this.#store, stored);
      this.#store.appendOutbox({ kind: 'snapshot_deleted', containerId: stored.id, name: null });
      this.#store.appendOutbox({
        kind: 'release_holds',
        containerId: record.id,
        values: null,
        heldBefore: nowMs,
      });
    }
    this.#departures.schedule();
    this.#log.info('operation settled', {
      operation_id: operationId,
      request_id: operation?.requestId,
      command: operation?.command,
      outcome: end.status,
      error: end.error?.code,
      duration_ms: cause.durationMs,
    });
    return stored;
  }

  /** A dispatch outside of the lifecycle: what is left of a machine goes, or the host says what it has. */
  #followUp(record: ContainerRecord, command: 'delete' | 'inspect', requestId: string): void {
    const operationId = operationIdOf(record.id, randomHex(8));
    this.#dispatch(record, operationId, command, {}, requestId, Date.now() + NEVER_MS);
  }

  /** An operation has one outcome: only a running one takes it. */
  #finish(operationId: string, { status, error, report }: End): OperationRow | null {
    const operation = this.#store.operation(operationId);
    if (operation === null || operation.status !== 'running') return null;
    const finished: OperationRow = {
      ...operation,
      status,
      error,
      result: report?.result ?? null,
      finishedAt: Date.now(),
    };
    this.#store.putOperation(finished);
    return finished;
  }

  #dispatch(
    record: ContainerRecord,
    operationId: string,
    command: HostCommand,
    parameters: DispatchParameters,
    requestId: string,
    deadlineAtMs: number,
  ): void {
    this.#store.appendErrand({
      kind: 'dispatch',
      dispatch: {
        operation_id: operationId,
        container_id: record.id,
        incarnation: record.incarnation,
        command,
        spec: machineSpec(record),
        parameters,
        deadline_at: new Date(deadlineAtMs).toISOString(),
        request_id: requestId,
      },
    });
  }
}

/** How an operation ended. */
interface End {
  readonly status: Exclude<OperationView['status'], 'running'>;
  readonly error: ApiError | null;
  readonly report: HostReport | null;
}
