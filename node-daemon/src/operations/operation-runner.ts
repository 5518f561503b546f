import type { Dispatch, HostMessage, ObservedState, TransferProgress } from '@control-plane/contract/link';
import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { FaultHook } from '../fault-hook.ts';
import type { CopyPointTable } from '../journal/copy-point-table.ts';
import type { Durability, Journal } from '../journal/journal.ts';
import type { MachineTable } from '../journal/machine-table.ts';
import type { CancelReason, OperationLog, OperationRecord } from '../journal/operation-log.ts';
import type { OutboundQueue } from '../journal/outbound-queue.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { observeMachine } from '../observe-machine.ts';
import { fail, type HostFailure, type Outcome } from '../outcome.ts';
import { plans } from './plans.ts';
import { isAskedFor, type OperationContext, type Step, type StepResult, type Transfers } from './step.ts';

export type RunnerOptions = {
  readonly journal: Journal;
  readonly operations: OperationLog;
  readonly machines: MachineTable;
  readonly outbound: OutboundQueue;
  readonly drivers: DriverSet;
  readonly copyPoints: CopyPointTable;
  readonly transfers: Transfers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly fault: FaultHook;
  /** Sends now if the link is up; what must arrive is in `outbound` as well. */
  readonly send: (message: HostMessage) => void;
  readonly now: () => number;
};

const cancelMessages: Readonly<Record<CancelReason, string>> = {
  cancelled: 'The operation was cancelled.',
  superseded: 'A later command for this machine took its place.',
};

/** A step that takes longer is reported while it runs; most have ended before anybody could look. */
const progressAfterMs = 50;

/** A step and its place in the plan. */
type ApplyingStep = { readonly index: number; readonly step: Step };

/** Runs one operation from wherever the journal says it stands to its recorded end. */
export class OperationRunner {
  readonly #options: RunnerOptions;
  #stopping = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** From now on operations stop after their running step; the next start of the daemon resumes them. */
  stopAfterStep(): void {
    this.#stopping = true;
  }

  /** Runs the operation to its end, unless the daemon is stopping. `signal` says that it was cancelled. */
  async run(operationId: string, signal: AbortSignal): Promise<void> {
    const record = this.#options.operations.find(operationId);
    if (record === undefined) throw new Error('An operation must be journalled before it is run.');
    const { dispatch } = record;
    const logger = this.#options.logger.child({
      operation_id: operationId,
      container_id: dispatch.container_id,
      request_id: dispatch.request_id,
      command: dispatch.command,
    });
    if (record.status === 'queued') await this.#start(record, signal, logger);
    else if (record.status === 'running')
      await this.#runSteps(this.#contextOf(record, signal, logger), {}, logger);
    else if (record.status === 'undoing') await this.#undo(this.#contextOf(record, signal, logger), logger);
  }

  async #start(record: OperationRecord, signal: AbortSignal, logger: Logger): Promise<void> {
    const { operations, machines, journal, now } = this.#options;
    const { dispatch } = record;
    const initialState = await observeMachine(this.#options.drivers, dispatch.container_id);
    const context = this.#contextOf({ ...record, initialState }, signal, logger);
    const refusal = this.#refusalBeforeStart(record);
    if (refusal !== undefined) return this.#endFailed(context, refusal, logger);
    const plan = plans[dispatch.command];
    const verdict = await attempt(() => plan.check(context), logger);
    if (!verdict.ok) return this.#endFailed(context, verdict.failure, logger);
    const applying = applyingSteps(dispatch);
    const [first] = applying;
    if (verdict.value !== 'proceed' || first === undefined) {
      const told = typeof verdict.value === 'object' ? verdict.value.settled : {};
      return this.#endCompleted(context, told, logger, initialState);
    }
    const known = machines.find(dispatch.container_id);
    journal.transaction(
      () => {
        operations.begin(dispatch.operation_id, initialState, now());
        operations.beginStep(dispatch.operation_id, first.index, first.step.name);
        machines.save(
          {
            containerId: dispatch.container_id,
            spec: known?.spec ?? dispatch.spec,
            state: known?.state ?? initialState,
            // A command for it means that the control plane knows it.
            quarantined: false,
            incarnation: dispatch.incarnation,
            lastSequence: Math.max(known?.lastSequence ?? 0, dispatch.sequence),
          },
          now(),
        );
      },
      durabilityOf(applying, 0),
    );
    logger.info({ initial_state: initialState }, 'operation begun');
    return this.#runSteps(context, {}, logger);
  }

  #refusalBeforeStart(record: OperationRecord): HostFailure | undefined {
    const { dispatch, cancelReason } = record;
    const machine = this.#options.machines.find(dispatch.container_id);
    if (machine !== undefined && dispatch.incarnation < machine.incarnation) {
      return {
        code: 'STALE_INCARNATION',
        message: 'The machine has been replaced since this command was given.',
      };
    }
    if (cancelReason !== undefined) return { code: 'CANCELLED', message: cancelMessages[cancelReason] };
    if (machine !== undefined && dispatch.sequence < machine.lastSequence) {
      return { code: 'CANCELLED', message: 'A later command for this machine has begun already.' };
    }
    if (Date.parse(dispatch.deadline_at) < this.#options.now()) {
      return { code: 'DEADLINE_PASSED', message: 'The command reached its deadline before it could begin.' };
    }
    return undefined;
  }

  async #runSteps(context: OperationContext, gathered: StepResult, logger: Logger): Promise<void> {
    const { operations, journal, fault, metrics } = this.#options;
    const { dispatch } = context;
    const { steps } = plans[dispatch.command];
    const applying = applyingSteps(dispatch);
    const recorded = new Map(
      operations.steps(dispatch.operation_id).map((step) => [step.index, step.status]),
    );
    let result = gathered;
    for (const [position, { index, step }] of applying.entries()) {
      if (recorded.get(index) === 'done') continue;
      const cancelled = operations.cancelReason(dispatch.operation_id);
      if (cancelled !== undefined)
        return this.#startUndo(context, cancelMessages[cancelled], 'CANCELLED', logger);
      if (this.#stopping) return;
      if (recorded.get(index) === undefined && position > 0)
        operations.beginStep(dispatch.operation_id, index, step.name);
      fault(dispatch.command, step.name, 'before');
      const startedAt = performance.now();
      const progress = (bytes?: TransferProgress): void =>
        this.#reportProgress(context, step, index, steps.length, bytes);
      const longStep = setTimeout(progress, progressAfterMs);
      const outcome = await attempt(() => step.run({ ...context, progress }), logger);
      clearTimeout(longStep);
      const durationMs = performance.now() - startedAt;
      if (!outcome.ok) {
        // A wait that ended because the daemon does is no failure: the next start goes on with it.
        const interrupted = this.#stopping && outcome.failure.code === 'CANCELLED';
        if (interrupted && operations.cancelReason(dispatch.operation_id) === undefined) return;
        logger.warn({ step: step.name, ...outcome.failure }, 'step failed');
        return this.#startUndo(context, outcome.failure.message, outcome.failure.code, logger);
      }
      fault(dispatch.command, step.name, 'acted');
      metrics.observe(
        'node_daemon_step_seconds',
        { command: dispatch.command, step: step.name },
        durationMs / 1000,
      );
      logger.debug({ step: step.name, duration_ms: durationMs }, 'step done');
      result = { ...result, ...outcome.value };
      const next = applying[position + 1];
      if (next === undefined) {
        const state = await observeMachine(this.#options.drivers, dispatch.container_id);
        const end = { index, durationMs };
        await this.#endCompleted(context, result, logger, state, end);
      } else {
        // One commit for the end of this step and the beginning of the next.
        journal.transaction(
          () => {
            operations.endStep(dispatch.operation_id, index, 'done', durationMs);
            if (this.#stopping || operations.cancelReason(dispatch.operation_id) !== undefined) return;
            operations.beginStep(dispatch.operation_id, next.index, next.step.name);
            recorded.set(next.index, 'begun');
          },
          durabilityOf(applying, position + 1),
        );
      }
      fault(dispatch.command, step.name, 'after');
    }
  }

  async #startUndo(
    context: OperationContext,
    message: string,
    code: HostFailure['code'],
    logger: Logger,
  ): Promise<void> {
    this.#options.operations.startUndo(context.dispatch.operation_id, fail(code, message).failure);
    return this.#undo(context, logger);
  }

  async #undo(context: OperationContext, logger: Logger): Promise<void> {
    const { operations, fault } = this.#options;
    const { dispatch } = context;
    const { steps } = plans[dispatch.command];
    const touched = operations.steps(dispatch.operation_id).filter((step) => step.status !== 'undone');
    for (const { index, name } of touched.toReversed()) {
      const step = steps[index];
      fault(dispatch.command, `undo-${name}`, 'before');
      const startedAt = performance.now();
      if (step?.undo !== undefined) {
        const { undo } = step;
        // What is undone is not cancelled again: an undo runs to its end.
        const undone = await attempt(
          () => undo({ ...context, signal: new AbortController().signal }),
          logger,
        );
        if (!undone.ok) logger.error({ step: name, code: undone.failure.code }, 'undo failed');
      }
      fault(dispatch.command, `undo-${name}`, 'acted');
      operations.endStep(dispatch.operation_id, index, 'undone', performance.now() - startedAt);
      fault(dispatch.command, `undo-${name}`, 'after');
    }
    const failure = operations.find(dispatch.operation_id)?.failure;
    const failedStep = touched.at(-1)?.name;
    await this.#endFailed(
      context,
      failure ?? fail('DRIVER_FAILED', 'The operation failed.').failure,
      logger,
      failedStep,
    );
  }

  async #endCompleted(
    context: OperationContext,
    result: StepResult,
    logger: Logger,
    state: ObservedState,
    lastStep?: { readonly index: number; readonly durationMs: number },
  ): Promise<void> {
    const { journal, operations, machines, outbound, now, metrics } = this.#options;
    const { dispatch } = context;
    const durationMs = this.#durationMs(context);
    const message = journal.transaction(() => {
      if (lastStep !== undefined) {
        operations.endStep(dispatch.operation_id, lastStep.index, 'done', lastStep.durationMs);
      }
      const steps = operations
        .steps(dispatch.operation_id)
        .map((step) => ({ name: step.name, duration_ms: step.durationMs }));
      const completed: HostMessage = {
        type: 'completed',
        ...identityOf(context),
        result: { state, duration_ms: durationMs, steps, ...result },
      };
      const known = machines.find(dispatch.container_id);
      const inspected = dispatch.command === 'inspect' && state === 'absent';
      if (!inspected) {
        machines.save(
          {
            containerId: dispatch.container_id,
            incarnation: Math.max(known?.incarnation ?? 0, dispatch.incarnation),
            spec: dispatch.command === 'inspect' ? (known?.spec ?? dispatch.spec) : dispatch.spec,
            state,
            quarantined: dispatch.command === 'inspect' && known?.quarantined === true,
            lastSequence: Math.max(known?.lastSequence ?? 0, dispatch.sequence),
          },
          now(),
        );
      }
      const text = JSON.stringify(completed);
      operations.end(dispatch.operation_id, 'completed', text, now());
      outbound.add(dispatch.operation_id, text);
      return completed;
    }, 'soon');
    metrics.count('node_daemon_operations_total', { command: dispatch.command, outcome: 'completed' });
    metrics.observe('node_daemon_operation_seconds', { command: dispatch.command }, durationMs / 1000);
    logger.info({ state, duration_ms: durationMs }, 'operation completed');
    this.#options.send(message);
  }

  async #endFailed(
    context: OperationContext,
    failure: HostFailure,
    logger: Logger,
    failedStep?: string,
  ): Promise<void> {
    const { journal, operations, machines, outbound, now, metrics, drivers } = this.#options;
    const { dispatch } = context;
    const state = await observeMachine(drivers, dispatch.container_id);
    const failed: HostMessage = {
      type: 'failed',
      ...identityOf(context),
      error: {
        code: failure.code,
        message: failure.message,
        ...(failedStep === undefined ? {} : { step: failedStep }),
        state,
      },
    };
    const text = JSON.stringify(failed);
    journal.transaction(() => {
      machines.setState(dispatch.container_id, state, now());
      operations.end(dispatch.operation_id, 'failed', text, now());
      outbound.add(dispatch.operation_id, text);
    }, 'soon');
    metrics.count('node_daemon_operations_total', { command: dispatch.command, outcome: failure.code });
    logger.warn({ ...failure, state, step: failedStep }, 'operation failed');
    this.#options.send(failed);
  }

  #reportProgress(
    context: OperationContext,
    step: Step,
    index: number,
    count: number,
    bytes?: TransferProgress,
  ): void {
    this.#options.send({
      type: 'progress',
      ...identityOf(context),
      step: step.name,
      step_index: index,
      step_count: count,
      ...bytes,
    });
  }

  #contextOf(record: OperationRecord, signal: AbortSignal, logger: Logger): OperationContext {
    const { dispatch } = record;
    const known = this.#options.machines.find(dispatch.container_id);
    return {
      dispatch,
      machine: { incarnation: dispatch.incarnation, spec: dispatch.spec },
      recorded: known?.spec === undefined ? undefined : { incarnation: known.incarnation, spec: known.spec },
      drivers: this.#options.drivers,
      initialState: record.initialState ?? 'unknown',
      signal,
      copyPoints: this.#options.copyPoints,
      transfers: this.#options.transfers,
      progress: () => undefined,
      remark: (failure) =>
        logger.info({ code: failure.code, reason: failure.message }, 'gone on nevertheless'),
    };
  }

  #durationMs(context: OperationContext): number {
    const receivedAtMs = this.#options.operations.find(context.dispatch.operation_id)?.receivedAtMs;
    return Math.max(0, this.#options.now() - (receivedAtMs ?? this.#options.now()));
  }
}

/** Whether the beginning of the step at `position` must be on the disk before it acts. */
function durabilityOf(applying: readonly ApplyingStep[], position: number): Durability {
  const isLast = position === applying.length - 1;
  return applying[position]?.step.isVolatile === true && !isLast ? 'soon' : 'now';
}

/** The steps of a command's plan that it asks for, with their places in the plan. */
function applyingSteps(dispatch: Dispatch): ApplyingStep[] {
  const { steps } = plans[dispatch.command];
  return steps
    .map((step, index) => ({ index, step }))
    .filter(({ step }) => isAskedFor(step, dispatch.parameters));
}

function identityOf({ dispatch }: OperationContext): {
  operation_id: string;
  container_id: string;
  incarnation: number;
} {
  return {
    operation_id: dispatch.operation_id,
    container_id: dispatch.container_id,
    incarnation: dispatch.incarnation,
  };
}

/** Turns what a driver did not expect into a failure with a message that shows no host paths. */
async function attempt<T>(action: () => Promise<Outcome<T>>, logger: Logger): Promise<Outcome<T>> {
  try {
    return await action();
  } catch (error) {
    logger.error({ err: error }, 'driver failed unexpectedly');
    return fail('DRIVER_FAILED', 'The host failed unexpectedly; its log has the cause.');
  }
}
