import type { Dispatch, ObservedState, OperationResult } from '@control-plane/contract/link';
import type { DriverSet, Machine } from '../drivers/types.ts';
import type { Outcome } from '../outcome.ts';

/** What an operation's steps work on. */
export type OperationContext = {
  readonly dispatch: Dispatch;
  /** The machine as this operation wants it. */
  readonly machine: Machine;
  /** The machine as it was recorded before, if it was. */
  readonly recorded: Machine | undefined;
  readonly drivers: DriverSet;
  /** What the machine was when the operation began; recorded, so the same after a crash. */
  readonly initialState: ObservedState;
  /** Aborted when the operation must not go on: long waits end, short work is finished. */
  readonly signal: AbortSignal;
};

/** What a step adds to the operation's result. */
export type StepResult = Pick<OperationResult, 'snapshot' | 'restored_as' | 'synced'>;

/**
 * One durable step. It is journalled as begun, run, journalled as done. After a crash a step that had begun
 * is run again, so `run` must be repeatable. `undo` takes back whatever `run` did, all, half or nothing.
 */
export type Step = {
  readonly name: string;
  readonly run: (context: OperationContext) => Promise<Outcome<StepResult | undefined>>;
  readonly undo?: (context: OperationContext) => Promise<Outcome<undefined>>;
};

/** `settled`: the machine is already what the command asks for. */
export type Verdict = 'proceed' | 'settled';

/** A command as a list of steps: the same list starts it, resumes it and undoes it. */
export type OperationPlan = {
  /** Looks, touches nothing: refuses by name what can't be done. Not asked again when an operation is resumed. */
  readonly check: (context: OperationContext) => Promise<Outcome<Verdict>>;
  readonly steps: readonly Step[];
};
