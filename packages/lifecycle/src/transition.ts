/**
 * The lifecycle of one container as a pure function of its state and what happened. It knows no clock, no
 * storage and no host: the ContainerObject passes times in and carries the decision out.
 */
import type { ContainerCommand, ContainerStatus, ObservedMachine } from './status.ts';
import { CREATIONS, TRANSITIONS, isCreation, type Transition } from './table.ts';

export interface RunningOperation {
  readonly id: string;
  readonly command: ContainerCommand;
  /** Tells one use of a command from another, for example the snapshot's name; equal ones join. */
  readonly subject: string;
  readonly after: ContainerStatus;
  readonly startedAtMs: number;
  readonly deadlineAtMs: number;
}

export interface LifecycleState {
  readonly status: ContainerStatus;
  /** Grows each time the container's body is replaced; reports about an older one are dropped. */
  readonly incarnation: number;
  readonly operation: RunningOperation | null;
}

export type RefusalReason = 'wrong_state' | 'in_progress' | 'finalizing' | 'gone' | 'exists';

export type CommandDecision =
  | {
      readonly kind: 'accepted';
      readonly next: LifecycleState;
      /** The operation that had to give way to a delete. */
      readonly superseded: RunningOperation | null;
    }
  | { readonly kind: 'joined'; readonly operation: RunningOperation }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

export interface CommandInput {
  readonly command: ContainerCommand;
  readonly operationId: string;
  readonly subject: string;
  readonly nowMs: number;
}

/**
 * Decides on a command. `state` is null for an object that holds no container yet. A refusal changes
 * nothing: it has no next state.
 */
export function decideCommand(state: LifecycleState | null, input: CommandInput): CommandDecision {
  if (state === null) {
    if (!isCreation(input.command)) return { kind: 'refused', reason: 'gone' };
    const creation = CREATIONS[input.command];
    return accept({ status: creation.during, incarnation: 0, operation: null }, input, creation);
  }
  if (isCreation(input.command)) {
    const { operation } = state;
    if (operation?.command === input.command && operation.id === input.operationId)
      return { kind: 'joined', operation };
    return { kind: 'refused', reason: 'exists' };
  }
  if (state.status === 'deleted') return { kind: 'refused', reason: 'gone' };

  const running = state.operation;
  if (running !== null) {
    if (running.command === input.command && running.subject === input.subject) {
      return { kind: 'joined', operation: running };
    }
    if (input.command !== 'delete') {
      return { kind: 'refused', reason: running.command === 'claim' ? 'finalizing' : 'in_progress' };
    }
  }
  const transition = TRANSITIONS[input.command].from[state.status];
  if (transition === undefined) {
    return { kind: 'refused', reason: state.status === 'claiming' ? 'finalizing' : 'wrong_state' };
  }
  return accept(state, input, transition);
}

function accept(state: LifecycleState, input: CommandInput, transition: Transition): CommandDecision {
  const rule = TRANSITIONS[input.command];
  return {
    kind: 'accepted',
    superseded: state.operation,
    next: {
      status: transition.during,
      incarnation: state.incarnation + (rule.replacesBody === true ? 1 : 0),
      operation: {
        id: input.operationId,
        command: input.command,
        subject: input.subject,
        after: transition.after,
        startedAtMs: input.nowMs,
        deadlineAtMs: input.nowMs + rule.deadlineMs,
      },
    },
  };
}

/** What a host says of an operation. Anything but the current operation of the current incarnation is dropped. */
export interface OperationReport {
  readonly operationId: string;
  readonly incarnation: number;
  readonly outcome: 'completed' | 'failed';
  /** What the machine is now, after a failure: after the undo. */
  readonly observed: ObservedMachine;
}

export type ReportDecision =
  | { readonly kind: 'dropped'; readonly reason: 'stale_incarnation' | 'not_current' | 'no_change' }
  | {
      readonly kind: 'settled';
      readonly next: LifecycleState;
      readonly operation: RunningOperation;
      readonly outcome: 'succeeded' | 'failed';
      /** The container is failed while its host still has a machine, which must go. */
      readonly cleanUp: boolean;
    }
  /** A delete that failed is not over: it is tried again until the host has nothing left. */
  | { readonly kind: 'retry'; readonly operation: RunningOperation };

/** Decides on a host's word about an operation. */
export function decideReport(state: LifecycleState, report: OperationReport): ReportDecision {
  if (report.incarnation !== state.incarnation) return { kind: 'dropped', reason: 'stale_incarnation' };
  const { operation } = state;
  if (operation === null || operation.id !== report.operationId)
    return { kind: 'dropped', reason: 'not_current' };
  if (report.outcome === 'failed' && operation.command === 'delete') return { kind: 'retry', operation };
  const succeeded = report.outcome === 'completed';
  const status = succeeded ? operation.after : statusAfterFailure(state.status, operation, report.observed);
  // A claim that failed leaves a machine that is nobody's; its undo by the host ends at that.
  const cleanUp = !succeeded && operation.command === 'claim';
  return {
    kind: 'settled',
    operation,
    outcome: succeeded ? 'succeeded' : 'failed',
    cleanUp,
    next: { status, incarnation: state.incarnation + (cleanUp ? 1 : 0), operation: null },
  };
}

/** Commands after whose failure there is no container that could be used. */
function makesAll(command: ContainerCommand): boolean {
  return isCreation(command) || command === 'claim';
}

function statusAfterFailure(
  before: ContainerStatus,
  operation: RunningOperation,
  observed: ObservedMachine,
): ContainerStatus {
  if (makesAll(operation.command)) return 'failed';
  if (observed === 'unknown') return operation.command === 'sync' ? operation.after : before;
  return observed === 'absent' ? 'failed' : observed;
}

export type HostPhaseDecision =
  | { readonly kind: 'dropped' }
  | { readonly kind: 'begun'; readonly next: LifecycleState; readonly operation: RunningOperation };

/** Decides whether an operation that waited for another container may go to its own host now. */
export function decideHostPhase(state: LifecycleState, operationId: string): HostPhaseDecision {
  const { operation } = state;
  if (operation === null || operation.id !== operationId) return { kind: 'dropped' };
  const grows = TRANSITIONS[operation.command].replacesBody === 'in-host-phase';
  return { kind: 'begun', operation, next: { ...state, incarnation: state.incarnation + (grows ? 1 : 0) } };
}

/** Decides on the failure of an operation of which its own host has heard nothing: all is as it was before. */
export function decideUnbegun(
  state: LifecycleState,
  operationId: string,
): Exclude<ReportDecision, { kind: 'retry' }> {
  const { operation } = state;
  if (operation === null || operation.id !== operationId) return { kind: 'dropped', reason: 'not_current' };
  const status = isCreation(operation.command) ? 'failed' : operation.after;
  return {
    kind: 'settled',
    operation,
    outcome: 'failed',
    cleanUp: false,
    next: { status, incarnation: state.incarnation, operation: null },
  };
}

/** Decides on a host's word about a machine that no operation concerns: its init ended, the host was restarted. */
export function decideObservation(
  state: LifecycleState,
  observation: { readonly incarnation: number; readonly observed: ObservedMachine },
):
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'moved'; readonly next: LifecycleState } {
  if (observation.incarnation !== state.incarnation) return { kind: 'dropped', reason: 'stale_incarnation' };
  // The running operation's own result tells what the machine is after it.
  if (state.operation !== null) return { kind: 'dropped', reason: 'operation_in_progress' };
  if (!isObservable(state.status)) return { kind: 'dropped', reason: 'not_observable' };
  if (observation.observed === 'unknown') return { kind: 'dropped', reason: 'unknown' };
  const status: ContainerStatus = observation.observed === 'absent' ? 'failed' : observation.observed;
  if (status === state.status) return { kind: 'dropped', reason: 'no_change' };
  return { kind: 'moved', next: { ...state, status } };
}

/** Statuses in which a host's own observation may move the container. */
export function isObservable(status: ContainerStatus): boolean {
  return status === 'running' || status === 'stopped' || status === 'paused';
}

export type DeadlineDecision =
  | { readonly kind: 'not_due' }
  /** The operation is given up; the host must be told to drop it and asked what the machine is. */
  | {
      readonly kind: 'expired';
      readonly next: LifecycleState;
      readonly operation: RunningOperation;
      readonly cleanUp: boolean;
    }
  /** Deletes are never given up: the same operation goes on with a new deadline. */
  | { readonly kind: 'extended'; readonly next: LifecycleState; readonly operation: RunningOperation };

/** Decides whether the running operation is past its deadline at `nowMs`, and what follows. */
export function decideDeadline(state: LifecycleState, nowMs: number): DeadlineDecision {
  const { operation } = state;
  if (operation === null || nowMs < operation.deadlineAtMs) return { kind: 'not_due' };
  if (operation.command === 'delete') {
    const extended = { ...operation, deadlineAtMs: nowMs + TRANSITIONS.delete.deadlineMs };
    return { kind: 'extended', next: { ...state, operation: extended }, operation: extended };
  }
  if (makesAll(operation.command)) {
    // What the host may still make of it belongs to an incarnation that no longer counts.
    const next: LifecycleState = { status: 'failed', incarnation: state.incarnation + 1, operation: null };
    return { kind: 'expired', next, operation, cleanUp: true };
  }
  const status = operation.command === 'sync' ? operation.after : state.status;
  return { kind: 'expired', next: { ...state, status, operation: null }, operation, cleanUp: false };
}
