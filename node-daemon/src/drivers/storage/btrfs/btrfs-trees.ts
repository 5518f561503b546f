import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { runCommand, streamFrom, streamInto } from '../run-command.ts';
import type { TreeUsage, VolumeTrees } from '../volume-trees.ts';
import { parseNestedSubvolumes, parseQuotaGroup } from './btrfs-output.ts';

/** Inode number of a subvolume's root, for every subvolume. */
const subvolumeInode = 256;
/** How deep below a directory that is to be removed trees are looked for: snapshots/ID/NAME/volume. */
const searchDepth = 3;

/** Trees as btrfs subvolumes: clones take no time, quotas and accounting are exact. */
export class BtrfsTrees implements VolumeTrees {
  readonly name = 'btrfs';
  readonly clonesAreFree = true;
  /** The kernel commits the snapshot, with all that was written to its source, before it says that it is made. */
  readonly clonesAreDurable = true;
  readonly sendsDifferences = true;

  async make(target: string): Promise<void> {
    await btrfs('subvolume', 'create', target);
  }

  async clone(source: string, target: string, access: 'read-only' | 'writable'): Promise<void> {
    const readOnly = access === 'read-only' ? ['-r'] : [];
    await btrfs('subvolume', 'snapshot', ...readOnly, source, target);
  }

  async amend(tree: string, change: (tree: string) => Promise<void>): Promise<void> {
    await btrfs('property', 'set', '-t', 'subvol', tree, 'ro', 'false');
    await change(tree);
    await btrfs('property', 'set', '-t', 'subvol', tree, 'ro', 'true');
  }

  async remove(...targets: readonly string[]): Promise<void> {
    const found = targets.flatMap((target) => findSubvolumes(target, searchDepth));
    // One command for all of them; what it could not remove is looked at one by one.
    if (found.length > 1) await btrfs('subvolume', 'delete', ...found).catch(() => undefined);
    for (const target of targets) await removeAny(target, searchDepth);
  }

  /** The kernel gives a removed subvolume's room back behind the scenes, after its next commit. */
  async reclaim(directory: string): Promise<void> {
    await btrfs('filesystem', 'sync', directory);
    await runCommand('timeout', '10', 'btrfs', 'subvolume', 'sync', directory).catch(() => '');
    await btrfs('filesystem', 'sync', directory);
  }

  async flush(tree: string): Promise<void> {
    await btrfs('filesystem', 'sync', tree);
  }

  usage(tree: string): Promise<TreeUsage> {
    return readAccounts('--sync', tree);
  }

  usageOnDisk(tree: string): Promise<TreeUsage> {
    return readAccounts(tree);
  }

  async setQuota(tree: string, bytes: number | null): Promise<boolean> {
    await btrfs('qgroup', 'limit', bytes === null ? 'none' : String(bytes), tree);
    return true;
  }

  async send(tree: string, base: string | null, into: Writable): Promise<void> {
    await streamFrom('btrfs', ['--quiet', 'send', ...(base === null ? [] : ['-p', base]), tree], into);
  }

  /** A stream names its tree after the sender's, and a read-only tree can't be moved: both names must agree. */
  async receive(target: string, stream: Readable): Promise<void> {
    await streamInto('btrfs', ['--quiet', 'receive', path.dirname(target)], stream);
    if (!existsSync(target)) throw new Error('The stream held no tree of the expected name.');
  }
}

async function readAccounts(...argv: readonly string[]): Promise<TreeUsage> {
  const usage = parseQuotaGroup(await runCommand('btrfs', 'qgroup', 'show', '--raw', '-f', ...argv));
  if (usage === undefined) throw new Error('btrfs has no accounts of this subvolume.');
  return usage;
}

/** Whether `file` is a subvolume's root, given that it is on btrfs. */
function isSubvolume(file: string): boolean {
  const stats = lstatSync(file);
  return stats.isDirectory() && stats.ino === subvolumeInode;
}

/** The subvolumes that {@link removeAny} would come to. */
function findSubvolumes(target: string, depth: number): string[] {
  if (!existsSync(target)) return [];
  if (isSubvolume(target)) return [target];
  if (depth === 0 || !lstatSync(target).isDirectory()) return [];
  return readdirSync(target).flatMap((name) => findSubvolumes(path.join(target, name), depth - 1));
}

async function removeAny(target: string, depth: number): Promise<void> {
  if (!existsSync(target)) return;
  if (isSubvolume(target)) {
    await removeSubvolume(target);
    return;
  }
  if (!lstatSync(target).isDirectory()) {
    await rm(target);
    return;
  }
  if (depth > 0) for (const name of readdirSync(target)) await removeAny(path.join(target, name), depth - 1);
  await rm(target, { recursive: true, force: true });
}

/** Root inside a machine may have made subvolumes in its own: they go first, the deepest before the others. */
async function removeSubvolume(target: string): Promise<void> {
  try {
    await btrfs('subvolume', 'delete', target);
  } catch (error) {
    const top = await mountPointOf(target);
    const listing = await runCommand('btrfs', 'subvolume', 'list', '-o', target);
    const nested = parseNestedSubvolumes(listing).map((name) => path.join(top, name));
    if (nested.length === 0) throw error;
    for (const each of nested.toReversed()) await removeSubvolume(each);
    await btrfs('subvolume', 'delete', target);
  }
}

/** The mount point below which `file` is; subvolumes are listed relative to the file system's top, mounted there. */
async function mountPointOf(file: string): Promise<string> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  const candidates = mounts.filter((mount) => mount !== '' && file.startsWith(`${mount}/`));
  return candidates.toSorted((left, right) => right.length - left.length)[0] ?? '/';
}

async function btrfs(...argv: readonly string[]): Promise<void> {
  await runCommand('btrfs', ...argv);
}
