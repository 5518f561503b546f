import { chmodSync, lchownSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import path from 'node:path';
import { uidRangeSize } from './boot.ts';
import { uidBase } from './machine-registry.ts';

const parts = ['usr', 'work', 'root'] as const;
const setIdBits = 0o6000;

/**
 * Gives a volume that was made for another machine, by a copy, to root of this one: each machine has a range of
 * host uids of its own, and an owner keeps its place within the range. A volume that is this machine's already
 * costs one look. The machine must not run; links are not followed. What is done is passed over, the root of the
 * machine comes last, so that a walk that was interrupted is found and repeated.
 */
export function alignOwners(volume: string, rootUid: number): void {
  const last = lstatSync(path.join(volume, 'root'), { throwIfNoEntry: false });
  if (last === undefined || isOwn(last.uid, rootUid)) return;
  for (const part of parts) {
    const top = path.join(volume, part);
    if (lstatSync(top, { throwIfNoEntry: false }) !== undefined) alignTree(top, rootUid);
  }
}

function alignTree(file: string, rootUid: number): void {
  const stats = lstatSync(file);
  if (stats.isDirectory()) for (const name of readdirSync(file)) alignTree(path.join(file, name), rootUid);
  alignFile(file, stats, rootUid);
}

function alignFile(file: string, stats: Stats, rootUid: number): void {
  const [uid, gid] = [ownId(stats.uid, rootUid), ownId(stats.gid, rootUid)];
  if (uid === stats.uid && gid === stats.gid) return;
  lchownSync(file, uid, gid);
  // A change of owner takes these away.
  if (stats.isFile() && (stats.mode & setIdBits) !== 0) chmodSync(file, stats.mode & 0o7777);
}

/** Where in this machine's range an id belongs. A machine without a range of its own has the host's ids. */
function ownId(id: number, rootUid: number): number {
  if (isOwn(id, rootUid)) return id;
  return rootUid + (id < uidBase ? id % uidRangeSize : (id - uidBase) % uidRangeSize);
}

function isOwn(id: number, rootUid: number): boolean {
  return id >= rootUid && id < rootUid + uidRangeSize;
}
