import type { ContainerRecord } from '@control-plane/lifecycle';
import type { HostIdentity } from './host-store.ts';
import type { WarmKind } from './warm-store.ts';

/** What belongs to nobody yet has no project and no owner; no list and no quota finds it. */
const NOBODY = '0'.repeat(24);

/** A container that is made before anybody asks for it. */
export function warmRecord(
  id: string,
  { serverId, serverName }: HostIdentity,
  { image, ramdisk }: WarmKind,
  nowMs: number,
): ContainerRecord {
  return {
    id,
    projectId: NOBODY,
    userId: NOBODY,
    serverId,
    serverName,
    name: `warm-${id.slice(0, 12)}`,
    color: '#000000',
    image,
    cpu: null,
    memory: null,
    ai: false,
    hoodyKit: false,
    devKit: false,
    kvm: false,
    // After a host's restart it is made anew instead.
    autostart: false,
    ramdisk,
    ramdiskScope: 'container',
    prespawn: true,
    isDefault: false,
    environmentVars: {},
    sshPublicKey: null,
    comment: null,
    sourceContainerId: null,
    realmIds: [],
    status: 'creating',
    incarnation: 0,
    version: 0,
    operation: null,
    failure: null,
    snapshotCount: 0,
    lastUsedSnapshot: null,
    lastRestoredAs: null,
    createdAt: nowMs,
    updatedAt: nowMs,
  };
}
