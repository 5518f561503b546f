/** What crosses the RPC border of ContainerObject: plain data only. */
import type { ApiError } from '@control-plane/contract/errors';
import type {
  DispatchParameters,
  ObservedState,
  OperationError,
  OperationResult,
  ReportCause,
} from '@control-plane/contract/link';
import type { ContainerChanges, ContainerCommand, ContainerRecord } from '@control-plane/lifecycle';

/** On whose behalf something happens; both null: the system itself. */
export interface Actor {
  readonly userId: string | null;
  readonly tokenId: string | null;
}

export interface OperationView {
  readonly id: string;
  readonly containerId: string;
  readonly command: ContainerCommand;
  readonly status: 'running' | 'succeeded' | 'failed' | 'timed_out' | 'superseded';
  readonly incarnation: number;
  readonly createdAt: number;
  readonly deadlineAt: number;
  readonly finishedAt: number | null;
  readonly error: ApiError | null;
  readonly result: OperationResult | null;
  /** What its host last told while it ran; null: nothing, or forgotten. */
  readonly progress: OperationProgress | null;
}

/** How far an operation has come; sizes in bytes, rates in bytes per second, times in milliseconds. */
export interface OperationProgress {
  readonly step: string;
  readonly stepIndex: number;
  readonly stepCount: number;
  readonly bytesDone: number | null;
  readonly bytesTotal: number | null;
  readonly bytesPerSecond: number | null;
  readonly remainingMs: number | null;
}

/** What a host tells of an operation that runs, handed on by its HostObject. */
export interface HostProgress extends OperationProgress {
  readonly operationId: string;
  readonly incarnation: number;
}

/** `pending`: the wait was over before the operation was. */
export type CommandOutcome =
  | { readonly kind: 'refused'; readonly error: ApiError; readonly record: ContainerRecord | null }
  | {
      readonly kind: 'finished' | 'pending';
      readonly operation: OperationView;
      readonly record: ContainerRecord;
    };

export interface Invocation {
  /** 32 hex digits; the first 24 are the container's id. The same id again joins or replays. */
  readonly operationId: string;
  readonly actor: Actor;
  readonly requestId: string;
  /** How long to wait for the outcome, in milliseconds; 0: answer at once. */
  readonly waitMs: number;
}

export interface CreateInput extends Invocation {
  /** Everything but what the object itself decides. */
  readonly record: ContainerRecord;
}

export interface CommandInput extends Invocation {
  readonly command: Exclude<ContainerCommand, 'create' | 'update' | 'copy' | 'copy-out' | 'sync' | 'claim'>;
  readonly parameters: DispatchParameters;
  /** snapshot: what the snapshot shall carry. */
  readonly snapshot?: {
    readonly alias: string | null;
    readonly expiresAt: number | null;
    readonly limit: number;
  };
}

/** What a host said of a dispatch, handed on by its HostObject. */
export interface HostReport {
  readonly operationId: string;
  readonly incarnation: number;
  /**
   * `inspection`: no operation of the container, its word counts as an observation. `release`: about a copy
   * point that was let go.
   */
  readonly kind: 'operation' | 'inspection' | 'release';
  readonly result: OperationResult | null;
  readonly error: OperationError | null;
}

export interface HostObservation {
  readonly incarnation: number;
  readonly state: ObservedState;
  readonly cause: ReportCause;
}

export interface SnapshotRecord {
  readonly name: string;
  readonly alias: string | null;
  readonly stateful: boolean;
  readonly sizeBytes: number;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** When it was last restored. */
  readonly lastUsedAt: number | null;
}

export interface StatusLogRow {
  readonly sequence: number;
  readonly id: string;
  readonly fromStatus: string | null;
  readonly toStatus: string;
  readonly triggeredBy: string;
  readonly triggeredByUserId: string | null;
  readonly operationId: string | null;
  readonly command: ContainerCommand | null;
  readonly cause: string | null;
  readonly durationMs: number | null;
  readonly transitionTime: number;
}

export interface StatusLogQuery {
  readonly page: number;
  readonly limit: number;
  readonly sortBy: 'transition_time' | 'created_at' | 'to_status' | 'from_status';
  readonly descending: boolean;
}

export interface UpdateInput extends Invocation {
  /** The one status in which the change is legal; absent: any that an update is legal in. */
  readonly onlyWhile?: ContainerRecord['status'];
  readonly changes: Omit<ContainerChanges, 'environmentVars'>;
  /** `replace`: the whole set. `merge`: these keys only, null removes one. */
  readonly environment?:
    | { readonly kind: 'replace'; readonly variables: Readonly<Record<string, string>> }
    | { readonly kind: 'merge'; readonly variables: Readonly<Record<string, string | null>> };
}
