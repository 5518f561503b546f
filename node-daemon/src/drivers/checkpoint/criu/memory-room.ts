import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { done, fail, type Outcome } from '../../../outcome.ts';
import { machineRootUid } from '../../container/lxc/layout.ts';
import type { CgroupTree } from '../../container/cgroups/cgroup-tree.ts';
import { ramdiskUsage } from '../../container/namespaces/ramdisk.ts';
import {
  discardMemory,
  holdInHostMemory,
  isHeldInHostMemory,
  memoryDirectoryOf,
} from '../memory-directory.ts';

/** Room that must stay free when memory is written; what CRIU writes beside the pages is in it. */
const reserveBytes = 64 * 1024 * 1024;

export const noRoom = fail('CAPACITY_EXCEEDED', 'The host’s disk has no room for the memory.');

/** What a dump of the whole machine takes at most, with its memory disk (null: none is held) and a reserve. */
export function dumpBytesMax(tree: CgroupTree, containerId: string, ramdisk: string | null): number {
  const ramdiskUsed = ramdisk === null ? 0 : (ramdiskUsage(ramdisk) ?? 0);
  return (tree.usage(containerId).memoryBytes ?? 0) + ramdiskUsed + reserveBytes;
}

/**
 * Makes the memory directory of a volume anew, with room for `bytes`. `mayHold`: the host's memory may be used for
 * it, see `holdInHostMemory`.
 */
export async function openMemoryDirectory(
  volume: string,
  bytes: number,
  mayHold: boolean,
): Promise<Outcome<undefined>> {
  const discarded = await discardMemory(volume);
  if (!discarded.ok) return discarded;
  if ((await freeBytes(volume)) < bytes) return noRoom;
  const into = memoryDirectoryOf(volume);
  makeReadable(into);
  if (mayHold) await holdInHostMemory(volume, bytes);
  return done;
}

/** Makes a directory that a restore can read, also as root of the machine; nobody else on the host can. */
export function makeReadable(directory: string): void {
  mkdirSync(directory, { mode: 0o700 });
  chownSync(directory, 0, machineRootUid);
  chmodSync(directory, 0o750);
}

/** Whether `bytes` more find room in an open memory directory, and on the disk to which they come in the end. */
export async function hasRoom(volume: string, bytes: number): Promise<boolean> {
  const free = await freeBytes(volume);
  if (!isHeldInHostMemory(volume)) return free >= bytes;
  const held = await statfs(memoryDirectoryOf(volume));
  const used = (held.blocks - held.bfree) * held.bsize;
  return held.bavail * held.bsize >= bytes && free >= used + bytes;
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
