import type {
  Dispatch,
  ObservedState,
  OperationResult,
  TransferProgress,
} from '@control-plane/contract/link';
import type { DriverSet, Machine } from '../drivers/types.ts';
import type { CopyPointTable } from '../journal/copy-point-table.ts';
import type { HostFailure, Outcome } from '../outcome.ts';
import type { FetchCopy } from '../transfer/transfer-client.ts';

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
  /** Copy points that this host holds on purpose. */
  readonly copyPoints: CopyPointTable;
  readonly transfers: Transfers;
  /** Tells how far the running step is; may be called as often as one likes. */
  readonly progress: (progress: TransferProgress) => void;
  /** Tells the operator of something that failed and did not end the operation. */
  readonly remark: (failure: HostFailure) => void;
};

/** What goes from host to host. */
export type Transfers = {
  /** Fetches a copy point from another host: see `TransferClient.fetch`. */
  readonly fetch: (request: FetchCopy) => Promise<Outcome<{ bytes: number }>>;
  /** Runs `action` while nothing of a machine is being sent to another host. */
  readonly whileNotSending: <T>(containerId: string, action: () => Promise<T>) => Promise<T>;
};

/** What a step adds to the operation's result. */
export type StepResult = Pick<
  OperationResult,
  'snapshot' | 'restored_as' | 'synced' | 'copy_point' | 'bytes_transferred' | 'snapshots'
>;

/**
 * One durable step. It is journalled as begun, run, journalled as done. After a crash a step that had begun
 * is run again, so `run` must be repeatable. `undo` takes back whatever `run` did, all, half or nothing.
 */
export type Step = {
  readonly name: string;
  /** Whether a command asks for this step at all; absent: always. A step that it does not is not journalled. */
  readonly applies?: (parameters: Dispatch['parameters']) => boolean;
  /**
   * Whether nothing of what it does outlives the host, as with what runs or stands still: then its beginning is
   * journalled without waiting for the disk, unless it is the last step: an outcome is told when its last step is on
   * the disk as begun. After a power cut the step before it is run again, and then it.
   */
  readonly isVolatile?: true;
  readonly run: (context: OperationContext) => Promise<Outcome<StepResult | undefined>>;
  readonly undo?: (context: OperationContext) => Promise<Outcome<undefined>>;
};

/** Whether a command with these parameters asks for a step of its plan. */
export function isAskedFor(step: Step, parameters: Dispatch['parameters']): boolean {
  return step.applies?.(parameters) ?? true;
}

/** `settled`: what the command asks for is there already, with what is to be told of it. */
export type Verdict = 'proceed' | 'settled' | { readonly settled: StepResult };

/** A command as a list of steps: the same list starts it, resumes it and undoes it. */
export type OperationPlan = {
  /** Looks, touches nothing: refuses by name what can't be done. Not asked again when an operation is resumed. */
  readonly check: (context: OperationContext) => Promise<Outcome<Verdict>>;
  readonly steps: readonly Step[];
};
