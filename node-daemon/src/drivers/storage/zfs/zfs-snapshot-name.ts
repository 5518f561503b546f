import { createHash } from 'node:crypto';

/** What fits into a whole name of at most 255 bytes, beside the pool's name and the daemon's own components. */
const plainLengthMax = 64;

/**
 * The name of a machine's snapshot on ZFS: the id keeps the snapshots of two machines apart when one takes over
 * those of the other. A name from the control plane that ZFS would not take, or too long, is there by its hash.
 */
export function zfsSnapshotName(containerId: string, name: string): string {
  const plain = /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name) && name.length <= plainLengthMax;
  return `${containerId}-${plain ? name : `.${createHash('sha256').update(name).digest('hex')}`}`;
}
