import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { describeError } from '../../../outcome.ts';

/** A data set of the daemon's own with what `ZfsStorage` needs below it, or why there is none. */
export type ZfsParent =
  | { readonly available: true; readonly parent: string; readonly mountPoint: string }
  | { readonly available: false; readonly reason: string };

/** Properties of machines' disks: no device nodes, no writes for reading, access lists as machines know them. */
const properties = ['atime=off', 'devices=off', 'xattr=sa', 'acltype=posixacl'];
const parts = ['volumes', 'images', 'received'] as const;

/**
 * Makes `parent` with `volumes`, `images` and `received` below it where they are missing, and mounts whatever of
 * it is not mounted, as after a reboot of the host. The data set above it must exist.
 */
export function openZfsParent(parent: string): ZfsParent {
  try {
    const above = parent.slice(0, parent.lastIndexOf('/'));
    if (!exists(above)) return { available: false, reason: `there is no ZFS data set “${above}”` };
    if (!exists(parent)) zfs('create', ...properties.flatMap((property) => ['-o', property]), parent);
    for (const part of parts) if (!exists(`${parent}/${part}`)) zfs('create', `${parent}/${part}`);
    for (const line of zfs('list', '-H', '-r', '-t', 'filesystem', '-o', 'name,mounted,mountpoint', parent)
      .split('\n')
      .filter((each) => each !== '')) {
      const [name = '', mounted, mountPoint = ''] = line.split('\t');
      if (!mountPoint.startsWith('/')) {
        return { available: false, reason: `the ZFS data set “${name}” has no mount point` };
      }
      if (mounted === 'no') zfs('mount', name);
    }
    const mountPoint = zfs('get', '-H', '-o', 'value', 'mountpoint', parent).trim();
    // Machines pass through it on their way to their disks, and see nothing of it.
    for (const directory of [mountPoint, ...parts.map((part) => `${mountPoint}/${part}`)]) {
      chmodSync(directory, 0o711);
    }
    return { available: true, parent, mountPoint };
  } catch (error) {
    return { available: false, reason: `ZFS can't be used here: ${lastLine(describeError(error))}` };
  }
}

function exists(dataset: string): boolean {
  try {
    zfs('list', '-H', '-o', 'name', dataset);
    return true;
  } catch (error) {
    if (describeError(error).includes('does not exist')) return false;
    throw error;
  }
}

function zfs(...argv: readonly string[]): string {
  return execFileSync('zfs', [...argv], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
