/**
 * What a host must be able to do, apart from how. A driver set has one driver of each kind.
 *
 * Rules for every driver: a call that changes something is idempotent (repeating it after a crash in its
 * middle ends in the same state), expected failures are returned, and nothing is remembered only in memory.
 */
import type {
  HostCapabilities,
  HostImage,
  MachineRuntime,
  MachineSpec,
  MachineStats,
  ObservedState,
  SnapshotFacts,
} from '@control-plane/contract/link';
import type { Readable, Writable } from 'node:stream';
import type { HostFailure, Outcome } from '../outcome.ts';

/** A machine as the daemon knows it: what it should be, and which body of it is meant. */
export type Machine = { readonly incarnation: number; readonly spec: MachineSpec };

/** What really runs. `startedAt` is null when nothing runs. */
export type Observation = {
  readonly state: ObservedState;
  readonly initPid: number | null;
  readonly startedAt: Date | null;
};

/** A command to run inside a running machine. */
export type ExecuteRequest = {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array | null;
  readonly timeoutMs: number;
  /** Bound for standard output and standard error, each; what exceeds it is dropped. */
  readonly outputBytesMax: number;
};

export type ExecuteResult = {
  /** 128 + signal number when a signal ended it; 124 after the timeout. */
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
  readonly timedOut: boolean;
};

export type StartRequest = {
  readonly machine: Machine;
  /** Path of the machine's volume, from the storage driver. */
  readonly volume: string;
  /** Called when the namespaces exist and before anything of the machine runs. */
  readonly attachNetwork: (initPid: number) => Promise<Outcome<undefined>>;
};

/** Runs machines: LXC, or plain namespaces. */
export interface ContainerDriver {
  readonly name: string;
  readonly capabilities: Pick<
    HostCapabilities,
    'pause' | 'cpu_limit' | 'memory_limit' | 'ramdisk' | 'kvm' | 'ssh'
  >;
  /** Records the machine durably; gives the host uid that is root inside (0: not mapped). */
  define(machine: Machine): Promise<Outcome<{ rootUid: number }>>;
  /** The recorded definition, or undefined when there is none that can be read. */
  definition(containerId: string): Promise<Machine | undefined>;
  /** Boots; returns once pid 1 runs. Starting what runs already is a success. */
  start(request: StartRequest): Promise<Outcome<undefined>>;
  /**
   * Makes a volume that was copied a machine of its own before it runs: machine id, SSH host keys, names. They are
   * made anew, or taken from `keptFrom`, the volume that it takes the place of. Running processes are not told.
   */
  renewIdentity(machine: Machine, volume: string, keptFrom: string | null): Promise<Outcome<undefined>>;
  /** Asks pid 1 to end everything; kills after `graceMs`. `signal` ends the waiting with CANCELLED. */
  stop(containerId: string, graceMs: number, signal: AbortSignal): Promise<Outcome<undefined>>;
  /** Ends everything at once, frozen or not, and waits until nothing is left. */
  kill(containerId: string): Promise<Outcome<undefined>>;
  /** Returns once every process is verified to stand still. */
  freeze(containerId: string): Promise<Outcome<undefined>>;
  thaw(containerId: string): Promise<Outcome<undefined>>;
  observe(containerId: string): Promise<Observation>;
  /** Applies a changed spec; `synced` says whether the live machine has all of it already. */
  update(machine: Machine): Promise<Outcome<{ synced: boolean }>>;
  /** The host goes down: lets go of what only lives in its memory. The machine must not be running. */
  releaseMemory(containerId: string): Promise<Outcome<undefined>>;
  /** Forgets the machine: definition, cgroups, memory disks, leftovers. It must not be running. */
  remove(containerId: string): Promise<Outcome<undefined>>;
  /** Ids of everything that this driver finds on the host, known to the daemon or not. */
  list(): Promise<string[]>;
  execute(containerId: string, request: ExecuteRequest): Promise<Outcome<ExecuteResult>>;
  /** `diskBytes` comes from the storage driver. */
  stats(machine: Machine, diskBytes: number | null): Promise<Outcome<MachineStats>>;
  runtime(containerId: string): Promise<Outcome<MachineRuntime>>;
  /** Calls back when a machine's pid 1 is gone, whoever ended it; at least once per exit. */
  onExit(listener: (containerId: string) => void): void;
  /** Stops watching. Machines go on running. */
  close(): Promise<void>;
}

/** Keeps machines' volumes and their snapshots: plain directories, btrfs, ZFS. */
export interface StorageDriver {
  readonly name: string;
  readonly capabilities: Pick<HostCapabilities, 'snapshot' | 'copy'>;
  /** Path of the volume, whether it exists or not. */
  volumePath(containerId: string): string;
  hasVolume(containerId: string): Promise<boolean>;
  /** Makes the volume out of an image, complete or not at all. */
  createVolume(request: { containerId: string; image: string; rootUid: number }): Promise<Outcome<undefined>>;
  /** Removes the volume with all its snapshots and everything staged for it. */
  deleteVolume(containerId: string): Promise<Outcome<undefined>>;
  listVolumes(): Promise<string[]>;
  /** Bytes that the volume takes on disk, without its snapshots; null when that can't be told in seconds. */
  usedBytes(containerId: string): Promise<number | null>;
  usage(containerId: string): Promise<Outcome<StorageUsage>>;
  /** Bytes that may still be written by anybody. */
  freeBytes(): Promise<number>;
  /** Bounds what the volume may hold; null: no bound. `enforced` is false where the file system can't. */
  setQuota(containerId: string, bytes: number | null): Promise<Outcome<{ enforced: boolean }>>;
  /** Makes a volume out of another or of its snapshot, complete or not at all. The source must stand still. */
  cloneVolume(request: CloneRequest): Promise<Outcome<undefined>>;
  /** Where the content of a published snapshot can be read. */
  snapshotPath(containerId: string, name: string): string;
  /** Published snapshots, the oldest first; copy points are not among them. */
  listSnapshots(containerId: string): Promise<SnapshotFacts[]>;
  /** Names of the copy points that the machine holds, those among them that are mere bases. */
  listCopyPoints(containerId: string): Promise<string[]>;
  /** The copy point is only needed as the base of a later stream: what else it takes may go. Repeatable. */
  keepAsBase(containerId: string, name: string): Promise<Outcome<undefined>>;
  /** Makes a published snapshot of the same content, under another name or of another machine. Repeatable. */
  copySnapshot(request: CopySnapshotRequest): Promise<Outcome<SnapshotFacts>>;
  /** Writes a published snapshot as a stream; returns once all of it was taken. */
  send(request: SendRequest): Promise<Outcome<undefined>>;
  /** Makes a published snapshot out of such a stream, or nothing. Repeating it is a success. */
  receive(request: ReceiveRequest): Promise<Outcome<SnapshotFacts>>;
  /** From where a stream that broke off can be sent on ({@link SendRequest.resume}); null: from its beginning. */
  resumeToken(containerId: string): Promise<string | null>;
  snapshot(containerId: string, name: string): Promise<SnapshotFacts | undefined>;
  /** Copies the volume beside. The machine must stand still. Invisible until published. */
  stageSnapshot(containerId: string, name: string): Promise<Outcome<undefined>>;
  /**
   * Lets `change` complete a staged copy before it is published. Absent where such a copy can't be changed any
   * more, or where it takes long in any case: what belongs to it must be in the volume then.
   */
  readonly amendStaged?: (
    containerId: string,
    name: string,
    change: (volume: string) => Promise<Outcome<undefined>>,
  ) => Promise<Outcome<undefined>>;
  /** Makes the staged copy durable and visible in one step. */
  publishSnapshot(containerId: string, name: string, stateful: boolean): Promise<Outcome<SnapshotFacts>>;
  deleteSnapshot(containerId: string, name: string): Promise<Outcome<undefined>>;
  /** Copies a snapshot beside the volume, to be swapped in; `source`: the machine whose snapshot it is. */
  stageRestore(containerId: string, name: string, source?: string): Promise<Outcome<undefined>>;
  /** Path of what was staged by that. */
  stagedPath(containerId: string): string;
  discardStagedRestore(containerId: string): Promise<Outcome<undefined>>;
  /** Puts the staged copy in the volume's place, and keeps the replaced volume. */
  swapRestore(containerId: string): Promise<Outcome<undefined>>;
  /** Takes the swap back. */
  unswapRestore(containerId: string): Promise<Outcome<undefined>>;
  /** Gives the snapshots that went with it, made after the one that was restored: none where each stands alone. */
  discardReplaced(containerId: string): Promise<Outcome<{ goneSnapshots: readonly string[] }>>;
}

/** `referencedBytes`: all that the volume shows. `exclusiveBytes`: what would be free without it. */
export type StorageUsage = { readonly referencedBytes: number; readonly exclusiveBytes: number };

/** `snapshot` null: the volume as it is. */
export type CloneRequest = {
  readonly source: string;
  readonly snapshot: string | null;
  readonly target: string;
};

export type CopySnapshotRequest = {
  readonly source: string;
  readonly snapshot: string;
  readonly target: string;
  readonly name: string;
};

export type SendRequest = {
  readonly containerId: string;
  readonly snapshot: string;
  /** Snapshot that the receiver has already, so that only what changed since is sent; null: all of it. */
  readonly base: string | null;
  /** What the receiver's `resumeToken` gave; absent or null: from the beginning. */
  readonly resume?: string | null;
  readonly into: Writable;
};

export type ReceiveRequest = {
  readonly containerId: string;
  readonly snapshot: string;
  /** Snapshot from which the stream starts, which is here already; absent or null: a whole one. */
  readonly base?: string | null;
  /** The `resumeToken` from which the sender goes on; absent or null: what is here in part is dropped. */
  readonly resume?: string | null;
  readonly stateful: boolean;
  /** When it was made at its origin, ISO 8601; absent: now. */
  readonly createdAt?: string;
  /** What is known of the size beforehand: refused before anything is written when there is no room for it. */
  readonly sizeBytesMin: number;
  readonly stream: Readable;
};

/** Holds memory and processes of a machine: CRIU, or nothing but a freeze. */
export interface CheckpointDriver {
  readonly name: string;
  readonly capabilities: Pick<HostCapabilities, 'stateful_snapshot'>;
  /** What keeps this machine from being dumped; empty when nothing does. */
  blockers(containerId: string): Promise<string[]>;
  /**
   * Writes what it can of a running machine's memory beforehand, so that the dump, which has to follow soon, holds
   * only what changed since. A success as well where there is nothing to be gained, or the host can't. A failure
   * leaves nothing; unless it is DRIVER_FAILED, it keeps nothing from being dumped as a whole.
   */
  preDump(request: HoldRequest): Promise<Outcome<undefined>>;
  /** Removes the memory directory from a machine's volume; what a daemon that is gone began in it is waited for. */
  discard(containerId: string, volume: string): Promise<Outcome<undefined>>;
  /**
   * Writes memory and processes of a frozen machine into the memory directory of its volume, made anew
   * or as a pre-dump left it, and leaves it frozen. The volume must be copied before the machine goes on: both belong
   * together.
   */
  dump(request: HoldRequest): Promise<Outcome<undefined>>;
  /** Why what was dumped into `from` can't come back on this host as it is now; empty: it can. */
  incompatibilities(from: string): Promise<string[]>;
  /** Brings the processes back onto the volume that was copied with them; they run afterwards, limited. */
  restore(request: RestoreRequest): Promise<Outcome<undefined>>;
}

/** Whose memory is written, now or by the dump that comes after. */
export type HoldRequest = {
  readonly containerId: string;
  readonly volume: string;
  /** The caller calls `placeMemory` afterwards, so the host's memory may hold it meanwhile. */
  readonly isPlaced: boolean;
  /** Tells why an attempt failed after which there is another. */
  readonly remark: (failure: HostFailure) => void;
};

/** `from`: the directory into which the machine was dumped. */
export type RestoreRequest = StartRequest & { readonly from: string };

/** Connects machines to the world. */
export interface NetworkDriver {
  readonly name: string;
  readonly capabilities: Pick<HostCapabilities, 'network'>;
  attach(machine: Machine, initPid: number): Promise<Outcome<undefined>>;
  /** Takes the machine off the network; it keeps its address. */
  detach(containerId: string): Promise<Outcome<undefined>>;
  /** Forgets everything of a machine that is deleted, its address included. */
  release(containerId: string): Promise<Outcome<undefined>>;
  /** Ids of machines that have anything of this driver on the host. */
  list(): Promise<string[]>;
}

/** One driver of each kind, and what they can do together. */
export type DriverSet = {
  readonly name: string;
  readonly developmentOnly: boolean;
  readonly container: ContainerDriver;
  readonly storage: StorageDriver;
  readonly checkpoint: CheckpointDriver;
  readonly network: NetworkDriver;
  readonly capabilities: HostCapabilities;
  readonly images: readonly HostImage[];
  /** Sentences for the operator: what this host lacks, what would bring it. */
  readonly notes: readonly string[];
  close(): Promise<void>;
};

/** A driver set that was opened, or why it can't be used on this host. */
export type DriverSetAttempt =
  | { readonly available: true; readonly set: DriverSet }
  | { readonly available: false; readonly reason: string };
