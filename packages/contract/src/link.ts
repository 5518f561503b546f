/**
 * Messages of the host link: the one WebSocket between a node daemon and its HostObject.
 *
 * The daemon dials out. Every message is one JSON text frame of at most {@link LINK_MESSAGE_BYTES_MAX}
 * bytes. Delivery is at least once in both directions: what must not be lost (`dispatch`, `completed`,
 * `failed`, `report`) is repeated until the other side acknowledges it, and is recognised by its id.
 */
import * as z from 'zod';
import { lazy } from './lazy.ts';
import { count, isoTime, objectId, operationId } from './link-scalars.ts';
import {
  CopyPointFacts,
  CopySource,
  TicketKey,
  TransferEndpoint,
  TransferProgress,
} from './link-transfer.ts';
import { ObservedState } from './machine-facts.ts';

export * from './link-enrollment.ts';
export * from './link-transfer.ts';
export * from './machine-facts.ts';

export const LINK_PROTOCOL_VERSION = 1;
export const LINK_MESSAGE_BYTES_MAX = 1024 * 1024;
/** A signed connect or enrolment is refused when the host's clock is off by more than this. */
export const LINK_CLOCK_SKEW_SECONDS_MAX = 300;
/** The daemon pings this often; HostObject counts a host as gone after three silent intervals. */
export const LINK_PING_INTERVAL_MS = 10_000;
export const LINK_PATHS = { enroll: '/host/v1/enroll', connect: '/host/v1/link' } as const;

/** The bytes that a host signs (Ed25519) to prove its key at connect. `timestamp` is Unix seconds. */
export function connectSigningText(serverId: string, timestamp: number, nonce: string): string {
  return `host-link\n${LINK_PROTOCOL_VERSION}\n${serverId}\n${timestamp}\n${nonce}`;
}
/** Names of the headers that carry the proof. Signature: lower-case hex, 128 digits. Nonce: 32 hex digits. */
export const CONNECT_HEADERS = {
  serverId: 'x-host-server-id',
  timestamp: 'x-host-timestamp',
  nonce: 'x-host-nonce',
  signature: 'x-host-signature',
  /** 32 hex digits, drawn anew by each daemon that starts: two of them with one identity are told apart by it. */
  instance: 'x-host-instance',
} as const;

export const HostCommand = lazy(() =>
  z.enum([
    'create',
    'start',
    'stop',
    'force-stop',
    'restart',
    'pause',
    'resume',
    'delete',
    'update',
    'snapshot',
    'restore',
    'delete-snapshot',
    'inspect',
    'copy-out',
    'copy-in',
    'sync-in',
    'release-copy',
  ]),
);
export type HostCommand = z.infer<ReturnType<typeof HostCommand>>;

/** Everything a host needs to build or change a machine; sent whole with every dispatch. */
export const MachineSpec = lazy(() =>
  z.strictObject({
    container_id: objectId(),
    project_id: objectId(),
    name: z.string().min(1).max(100),
    image: z.string().max(100),
    /** CPU cores, fractions allowed; null: no limit. */
    cpu_cores: z.number().positive().nullable(),
    /** Bytes of memory; null: no limit. */
    memory_bytes: z.number().int().positive().nullable(),
    environment_vars: z.record(z.string(), z.string()),
    ssh_public_key: z.string().nullable(),
    autostart: z.boolean(),
    ramdisk: z.boolean(),
    kvm: z.boolean(),
  }),
);
export type MachineSpec = z.infer<ReturnType<typeof MachineSpec>>;

/** Parameters that only some commands have; absent ones take the driver's default. */
export const DispatchParameters = lazy(() =>
  z.strictObject({
    /** snapshot, restore, delete-snapshot: the server-assigned snapshot name. */
    snapshot_name: z.string().max(100).optional(),
    /** snapshot: hold memory and processes as well. A host that can't must fail with CAPABILITY_MISSING. */
    stateful: z.boolean().optional(),
    /** restore: whether the machine shall run afterwards. */
    run_after: z.boolean().optional(),
    /** stop, restart: how long the machine may take to stop by itself before it is killed. */
    grace_ms: count().optional(),
    /** copy-out, copy-in, sync-in, release-copy: name of the copy point, `copy-` and 24 hex digits. */
    copy_point: z.string().max(100).optional(),
    /** copy-out: the published snapshot to copy, instead of the machine as it is. */
    source_snapshot: z.string().max(100).optional(),
    /** sync-in: the copy point that both sides hold, from which on only changes are sent; absent: all is sent. */
    base: z.string().max(100).optional(),
    /** release-copy: keep the copy point as the base of the next sync. copy-in, sync-in: keep it here. */
    keep_base: z.boolean().optional(),
    copy_source: CopySource().optional(),
    /** copy-in: bring the source's snapshots along. */
    with_snapshots: z.boolean().optional(),
  }),
);
export type DispatchParameters = z.infer<ReturnType<typeof DispatchParameters>>;

export const Dispatch = lazy(() =>
  z.strictObject({
    type: z.literal('dispatch'),
    operation_id: operationId(),
    container_id: objectId(),
    incarnation: z.number().int().positive(),
    /** Grows with each dispatch of a host; the daemon runs the dispatches of one container in this order. */
    sequence: z.number().int().positive(),
    command: HostCommand(),
    spec: MachineSpec(),
    parameters: DispatchParameters(),
    /** Past this moment an operation that has not begun must not begin. */
    deadline_at: isoTime(),
    /** Id of the API request that caused it, for the logs. */
    request_id: z.string().max(100),
  }),
);
export type Dispatch = z.infer<ReturnType<typeof Dispatch>>;

export const SnapshotFacts = lazy(() =>
  z.strictObject({
    name: z.string().max(100),
    stateful: z.boolean(),
    size_bytes: count(),
    created_at: isoTime(),
  }),
);
export type SnapshotFacts = z.infer<ReturnType<typeof SnapshotFacts>>;

/** How a machine came back: with its processes; from its disk and booted anew; disk only, left stopped. */
export const RestoredAs = lazy(() => z.enum(['memory', 'cold', 'filesystem']));
export type RestoredAs = z.infer<ReturnType<typeof RestoredAs>>;

const StepTiming = lazy(() =>
  z.strictObject({ name: z.string().max(60), duration_ms: z.number().nonnegative() }),
);

const OperationResult = lazy(() =>
  z.strictObject({
    state: ObservedState(),
    duration_ms: z.number().nonnegative(),
    steps: z.array(StepTiming()).max(50),
    snapshot: SnapshotFacts().optional(),
    restored_as: RestoredAs().optional(),
    /** update: whether the change reached the live machine (false: it counts from the next start). */
    synced: z.boolean().optional(),
    /** copy-out: what was made for the copies. */
    copy_point: CopyPointFacts().optional(),
    /** copy-in, sync-in: bytes that came over the network; 0 on the same host. */
    bytes_transferred: count().optional(),
    /** copy-in: the snapshots that came along, the oldest first. */
    snapshots: z.array(SnapshotFacts()).max(1000).optional(),
  }),
);
export type OperationResult = z.infer<ReturnType<typeof OperationResult>>;

/** Stable reasons for which a host refuses or fails an operation. */
export const HostErrorCode = lazy(() =>
  z.enum([
    'CAPABILITY_MISSING',
    'IMAGE_NOT_FOUND',
    'MACHINE_NOT_FOUND',
    'MACHINE_ALREADY_EXISTS',
    'SNAPSHOT_NOT_FOUND',
    'SNAPSHOT_ALREADY_EXISTS',
    'WRONG_STATE',
    'STALE_INCARNATION',
    'DEADLINE_PASSED',
    'CANCELLED',
    'CAPACITY_EXCEEDED',
    'DRIVER_FAILED',
    'SYNC_BASE_GONE',
    'TICKET_REFUSED',
    'TRANSFER_FAILED',
    'SOURCE_UNREACHABLE',
    'COPY_POINT_NOT_FOUND',
  ]),
);
export type HostErrorCode = z.infer<ReturnType<typeof HostErrorCode>>;

const OperationError = lazy(() =>
  z.strictObject({
    code: HostErrorCode(),
    /** For the client: what happened, no host paths. */
    message: z.string().max(500),
    step: z.string().max(60).optional(),
    /** What the machine is after the undo. */
    state: ObservedState(),
  }),
);
export type OperationError = z.infer<ReturnType<typeof OperationError>>;

export const HostCapabilities = lazy(() =>
  z.strictObject({
    pause: z.boolean(),
    snapshot: z.boolean(),
    stateful_snapshot: z.boolean(),
    cpu_limit: z.boolean(),
    memory_limit: z.boolean(),
    network: z.boolean(),
    ramdisk: z.boolean(),
    kvm: z.boolean(),
    ssh: z.boolean(),
    copy: z.boolean(),
  }),
);
export type HostCapabilities = z.infer<ReturnType<typeof HostCapabilities>>;

export const HostImage = lazy(() =>
  z.strictObject({
    /** `os/release`, for example `debian/12`. */
    name: z.string().max(100),
    os: z.string().max(50),
    release: z.string().max(50),
    variant: z.string().max(50).nullable(),
    architecture: z.string().max(20),
    serial: z.string().max(50),
    size_bytes: count(),
    description: z.string().max(500),
    is_default: z.boolean(),
  }),
);
export type HostImage = z.infer<ReturnType<typeof HostImage>>;

const InventoryEntry = lazy(() =>
  z.strictObject({
    container_id: objectId(),
    incarnation: z.number().int().positive(),
    state: ObservedState(),
    quarantined: z.boolean(),
  }),
);
export type InventoryEntry = z.infer<ReturnType<typeof InventoryEntry>>;

export const Hello = lazy(() =>
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.literal(LINK_PROTOCOL_VERSION),
    daemon_version: z.string().max(50),
    /** Changes when the host (not only the daemon) was restarted. */
    boot_id: z.string().max(64),
    facts: z.strictObject({
      hostname: z.string().max(255),
      kernel: z.string().max(255),
      os: z.string().max(255),
      architecture: z.string().max(20),
      cpu_cores: count(),
      memory_bytes: count(),
      disk_bytes: count(),
      tools: z.record(z.string(), z.string().nullable()),
      /** Where other daemons reach this one; null or absent: nowhere, it copies on its own host only. */
      transfer: TransferEndpoint().nullable().optional(),
    }),
    /** Which driver set runs, for example `{container: 'namespaces', storage: 'directory', …}`. */
    drivers: z.strictObject({
      container: z.string(),
      storage: z.string(),
      checkpoint: z.string(),
      network: z.string(),
      /** True for a set that is meant for development only. */
      development_only: z.boolean(),
    }),
    capabilities: HostCapabilities(),
    images: z.array(HostImage()).max(500),
    inventory: z.array(InventoryEntry()).max(10_000),
  }),
);
export type Hello = z.infer<ReturnType<typeof Hello>>;

const identity = () => ({
  operation_id: operationId(),
  container_id: objectId(),
  incarnation: z.number().int().positive(),
});
const Accepted = lazy(() => z.strictObject({ type: z.literal('accepted'), operation_id: operationId() }));
const Progress = lazy(() =>
  z.strictObject({
    type: z.literal('progress'),
    ...identity(),
    step: z.string().max(60),
    step_index: count(),
    step_count: count(),
    /** Bytes of the current step; sent at most twice a second. */
    ...TransferProgress().partial().shape,
  }),
);
const Completed = lazy(() =>
  z.strictObject({ type: z.literal('completed'), ...identity(), result: OperationResult() }),
);
const Failed = lazy(() =>
  z.strictObject({ type: z.literal('failed'), ...identity(), error: OperationError() }),
);

/** Why a machine changed without an operation of the control plane. */
export const ReportCause = lazy(() =>
  z.enum(['init_exited', 'host_started', 'host_stopping', 'autostart', 'inspection', 'reconciliation']),
);
export type ReportCause = z.infer<ReturnType<typeof ReportCause>>;
const Report = lazy(() =>
  z.strictObject({
    type: z.literal('report'),
    /** 32 hex digits; acknowledged by this id. */
    report_id: operationId(),
    container_id: objectId(),
    incarnation: z.number().int().positive(),
    state: ObservedState(),
    cause: ReportCause(),
    observed_at: isoTime(),
  }),
);
export type Report = z.infer<ReturnType<typeof Report>>;
const Answer = lazy(() =>
  z.strictObject({
    type: z.literal('answer'),
    ask_id: operationId(),
    data: z.unknown().optional(),
    error: z.strictObject({ code: HostErrorCode(), message: z.string().max(500) }).optional(),
  }),
);

/**
 * Constant text, so that the runtime can answer it without waking a hibernating HostObject
 * (`setWebSocketAutoResponse`): exactly `{"type":"ping"}` and `{"type":"pong"}`.
 */
export const PING_TEXT = '{"type":"ping"}';
export const PONG_TEXT = '{"type":"pong"}';
const Ping = lazy(() => z.strictObject({ type: z.literal('ping') }));

/** Any message that a daemon sends. */
export const HostMessage = lazy(() =>
  z.discriminatedUnion('type', [
    Hello(),
    Accepted(),
    Progress(),
    Completed(),
    Failed(),
    Report(),
    Answer(),
    Ping(),
  ]),
);
export type HostMessage = z.infer<ReturnType<typeof HostMessage>>;

/**
 * What can be asked of a host outside of an operation: read-only, never repeated, seconds at most. `host` is
 * about the host itself: then `container_id` is the server's id.
 */
export const AskKind = lazy(() => z.enum(['stats', 'runtime', 'host']));
export type AskKind = z.infer<ReturnType<typeof AskKind>>;

/** Any message that the control plane sends. */
export const ControlMessage = lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('welcome'),
      server_id: objectId(),
      server_name: z.string(),
      /** Inventory entries that the control plane does not know: keep their data, stop them, touch no more. */
      quarantine: z.array(objectId()),
      /** Keys that transfer tickets are signed by: the current one first. */
      ticket_keys: z.array(TicketKey()).max(10).optional(),
    }),
    Dispatch(),
    /** An operation that has not begun must not begin; a running one stops at its next step and is undone. */
    z.strictObject({ type: z.literal('cancel'), operation_id: operationId() }),
    /** `completed`, `failed` or `report` with this id has been taken and may be forgotten. */
    z.strictObject({ type: z.literal('acknowledged'), id: operationId() }),
    z.strictObject({
      type: z.literal('ask'),
      ask_id: operationId(),
      kind: AskKind(),
      container_id: objectId(),
    }),
    z.strictObject({ type: z.literal('pong') }),
  ]),
);
export type ControlMessage = z.infer<ReturnType<typeof ControlMessage>>;
