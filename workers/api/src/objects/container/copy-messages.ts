/** What containers tell each other about copies: plain data only. */
import type { ApiError } from '@control-plane/contract/errors';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { Invocation, SnapshotRecord } from './messages.ts';

/** What a copy wants of its source; kept with the operation that wants it. */
export interface CopyRequest {
  readonly sourceId: string;
  /** `copy-` and 24 hex digits; copies that share one moment of the source share the name. */
  readonly copyPoint: string;
  /** Bring memory and processes along. */
  readonly stateful: boolean;
  /** The snapshot to copy, instead of the machine as it is now. */
  readonly sourceSnapshot: string | null;
  /** sync: the copy point that both sides hold already; null: everything is sent. */
  readonly base: string | null;
  readonly withSnapshots: boolean;
}

/** `source`: waits for the source's data; `host`: its own host works on it. */
export interface CopyProgress extends CopyRequest {
  readonly phase: 'source' | 'host';
  /** What only the source's object knows of the snapshots that travel along. */
  readonly travelling: readonly TravellingSnapshot[];
}

export type TravellingSnapshot = Pick<SnapshotRecord, 'name' | 'alias' | 'expiresAt'>;

/** The first command of a copy. */
export interface CopyInput extends Invocation {
  /** Everything but what the object itself decides. */
  readonly record: ContainerRecord;
  readonly copy: CopyRequest;
}

export interface SyncInput extends Invocation {
  /** Name of the copy point that the source makes for it. */
  readonly copyPoint: string;
  /** Send everything, also when a common base is there. */
  readonly full: boolean;
}

/** Asks a source for a copy point. The same copy point again joins. */
export interface CopyOutInput extends Omit<Invocation, 'operationId'> {
  readonly copyPoint: string;
  /** The copy that wants it, which must let go of it in the end. */
  readonly targetId: string;
  readonly stateful: boolean;
  readonly sourceSnapshot: string | null;
  readonly base: string | null;
}

export interface CopyPoint {
  readonly name: string;
  readonly stateful: boolean;
  readonly sizeBytes: number;
}

export type CopyOutAnswer =
  | {
      readonly kind: 'ready';
      readonly copyPoint: CopyPoint;
      readonly serverId: string;
      /** The source's snapshots, for the names and expiries of those that travel along. */
      readonly snapshots: SnapshotRecord[];
    }
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly error: ApiError };

/** A copy's word to its source that it no longer needs a copy point. */
export interface LetGo {
  readonly targetId: string;
  /** null: the copy is gone, and needs nothing any more. */
  readonly copyPoint: string | null;
  /** The copy holds this point too: it is the base of its next sync, in the place of an older one. */
  readonly keepAsBase: boolean;
}

/** What a copy still has to do with a copy point. */
export type CopyInterest = 'pending' | 'base' | 'none';
