import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import path from 'node:path';
import { describeError } from '../../../outcome.ts';

/** Of statfs(2), for btrfs. */
const btrfsMagic = 0x9123_683e;
const gibibyte = 1024 ** 3;
/** btrfs is of no use below a few hundred MiB; the file is sparse, so an ample size costs nothing. */
const sizeBytesMin = 2 * gibibyte;
const sizeBytesMax = 1024 * gibibyte;

/** A directory on btrfs that may be used for volumes, or why there is none. */
export type BtrfsDirectory =
  | { readonly available: true; readonly directory: string; readonly close: () => void }
  | { readonly available: false; readonly reason: string };

/**
 * Gives `dataDir/storage` on btrfs. On a host whose data directory is not on btrfs, that is the mount of a
 * sparse loop file, `dataDir/storage.img`, made when it is not there and mounted when it is not mounted:
 * after a reboot of the host the same call brings it back. `close` unmounts it unless machines still run on it.
 */
export function openBtrfsDirectory(dataDir: string, sizeBytes?: number): BtrfsDirectory {
  const directory = path.join(dataDir, 'storage');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o711 });
    const image = path.join(dataDir, 'storage.img');
    if (!isOnBtrfs(directory)) {
      if (!existsSync(image)) makeImage(image, sizeBytes ?? ampleSize(dataDir));
      run('mount', '-o', 'loop,noatime', image, directory);
      writePastTheCache(image);
    }
    // Accounts of what each subvolume uses; enabling what is enabled is a success.
    run('btrfs', 'quota', 'enable', directory);
    return { available: true, directory, close: () => unmountUnlessUsed(image, directory) };
  } catch (error) {
    return { available: false, reason: `btrfs can't be used here: ${lastLine(describeError(error))}` };
  }
}

/** Whether a path is on a btrfs file system. */
export function isOnBtrfs(directory: string): boolean {
  return statfsSync(directory).type === btrfsMagic;
}

/**
 * Lets the loop device write to the disk itself (direct I/O): what is in the file system's page cache once is not kept a second
 * time as the file's, and a commit does not wait for that to be written first. A file system that can't do it goes
 * without.
 */
function writePastTheCache(image: string): void {
  try {
    const listed = execFileSync('losetup', ['--noheadings', '--output', 'NAME', '--associated', image], {
      encoding: 'utf8',
    });
    for (const device of listed.split('\n').filter((line) => line !== ''))
      run('losetup', '--direct-io=on', device.trim());
  } catch {
    // Slower, and as safe.
  }
}

function unmountUnlessUsed(image: string, directory: string): void {
  if (!existsSync(image)) return;
  try {
    run('umount', directory);
  } catch {
    // Machines go on without the daemon: the next one finds it mounted.
  }
}

function makeImage(image: string, sizeBytes: number): void {
  const partial = `${image}.partial`;
  rmSync(partial, { force: true });
  const descriptor = openSync(partial, 'wx', 0o600);
  try {
    ftruncateSync(descriptor, sizeBytes);
  } finally {
    closeSync(descriptor);
  }
  run('mkfs.btrfs', '--quiet', partial);
  renameSync(partial, image);
}

/** Most of what is free: the daemon's own files need room as well. */
function ampleSize(dataDir: string): number {
  const { bavail, bsize } = statfsSync(dataDir);
  const most = Math.floor((bavail * bsize * 0.9) / gibibyte) * gibibyte;
  return Math.max(sizeBytesMin, Math.min(sizeBytesMax, most));
}

function run(command: string, ...argv: readonly string[]): void {
  execFileSync(command, [...argv], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
