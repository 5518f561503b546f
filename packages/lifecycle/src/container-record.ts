import type { ContainerCommand, ContainerStatus } from './status.ts';

/** The whole of what a container is, as its object keeps it and its projection repeats it. Times: Unix ms. */
export interface ContainerRecord {
  readonly id: string;
  readonly projectId: string;
  /** The project's owner. */
  readonly userId: string;
  readonly serverId: string;
  readonly serverName: string;
  readonly name: string;
  /** `#` and 3 or 6 upper-case hex digits. */
  readonly color: string;
  readonly image: string;
  /** Cores; null: no limit. */
  readonly cpu: number | null;
  /** GiB; null: no limit. */
  readonly memory: number | null;
  readonly ai: boolean;
  readonly hoodyKit: boolean;
  readonly devKit: boolean;
  readonly kvm: boolean;
  readonly autostart: boolean;
  readonly ramdisk: boolean;
  readonly ramdiskScope: 'container' | 'project';
  readonly prespawn: boolean;
  readonly isDefault: boolean;
  readonly environmentVars: Readonly<Record<string, string>>;
  readonly sshPublicKey: string | null;
  readonly comment: string | null;
  readonly sourceContainerId: string | null;
  readonly realmIds: readonly string[];
  readonly status: ContainerStatus;
  readonly incarnation: number;
  /** Grows with each change; a projection never goes back behind it. */
  readonly version: number;
  readonly operation: OperationSummary | null;
  /** Why the container is `failed`; null otherwise. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly snapshotCount: number;
  readonly lastUsedSnapshot: string | null;
  readonly lastRestoredAs: 'memory' | 'cold' | 'filesystem' | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface OperationSummary {
  readonly id: string;
  readonly command: ContainerCommand;
  readonly startedAt: number;
}

/** The fields that a client may change after creation. */
export type ContainerChanges = Partial<
  Pick<
    ContainerRecord,
    | 'name'
    | 'color'
    | 'ai'
    | 'autostart'
    | 'ramdisk'
    | 'ramdiskScope'
    | 'environmentVars'
    | 'sshPublicKey'
    | 'comment'
    | 'realmIds'
    | 'cpu'
    | 'memory'
    | 'kvm'
  >
>;
