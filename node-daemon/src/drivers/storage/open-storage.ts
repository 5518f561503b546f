import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { writeFileDurably } from '../../durable-file.ts';
import type { StorageDriver } from '../types.ts';
import { BtrfsStorage } from './btrfs/btrfs-storage.ts';
import { openBtrfsDirectory } from './btrfs/loop-file.ts';
import { DirectoryStorage } from './directory-storage.ts';
import type { FillVolume } from './image-trees.ts';
import type { StorageChoice } from './storage-choice.ts';
import { ZfsStorage } from './zfs/zfs-storage.ts';
import { openZfsParent } from './zfs/zfs-parent.ts';

export type OpenStorageRequest = {
  readonly directory: string;
  readonly choice: StorageChoice;
  readonly fill: FillVolume;
  readonly imageVersion: (image: string) => string;
};

/** A storage driver on the daemon's data directory, or why there is none. `note`: what the operator should know. */
export type StorageAttempt =
  | {
      readonly available: true;
      readonly storage: StorageDriver;
      readonly note: string | null;
      readonly close: () => void;
    }
  | { readonly available: false; readonly reason: string };

/** What a data directory records of where its machines' disks are; `dataset` is null but for ZFS. */
const StorageRecord = z.strictObject({
  kind: z.enum(['btrfs', 'directory', 'zfs']),
  dataset: z.string().nullable(),
});
type StorageRecord = z.infer<typeof StorageRecord>;

/**
 * Opens the storage that was chosen. Machines stay where they are: as long as there is one, another choice than
 * where it began is refused, and `auto` is that one. On a host without machines `auto` is btrfs, on a loop file
 * where need be, or plain directories where that can't be; ZFS is used when it is named.
 */
export function openStorage(request: OpenStorageRequest): StorageAttempt {
  const { directory, choice } = request;
  const known = readRecord(directory);
  const bound = hasMachines(directory) ? known : undefined;
  if (bound !== undefined && choice.kind !== 'auto' && !isSame(bound, choice)) {
    const place = bound.dataset === null ? '' : ` (${bound.dataset})`;
    return { available: false, reason: `this host's machines have their disks on ${bound.kind}${place}` };
  }
  if (choice.kind === 'zfs' || (choice.kind === 'auto' && known?.kind === 'zfs')) {
    const dataset =
      known?.kind === 'zfs' && known.dataset !== null && (choice.kind === 'auto' || isSame(known, choice))
        ? known.dataset
        : `${choice.kind === 'zfs' ? choice.pool : ''}/node-daemon-${randomBytes(4).toString('hex')}`;
    return openZfs(request, dataset);
  }
  const wanted = choice.kind === 'auto' ? bound?.kind : choice.kind;
  if (wanted === 'directory') {
    return openDirectory(
      request,
      choice.kind === 'auto' ? 'Disks are full copies: this host began with them.' : null,
    );
  }
  const btrfs = openBtrfsDirectory(directory);
  if (!btrfs.available) {
    return wanted === 'btrfs' ? btrfs : openDirectory(request, `Disks are full copies: ${btrfs.reason}.`);
  }
  record(directory, { kind: 'btrfs', dataset: null });
  const { fill, imageVersion } = request;
  const storage = new BtrfsStorage({ directory: btrfs.directory, fill, imageVersion });
  return { available: true, storage, note: null, close: btrfs.close };
}

function openZfs({ directory, fill, imageVersion }: OpenStorageRequest, dataset: string): StorageAttempt {
  const opened = openZfsParent(dataset);
  if (!opened.available) return opened;
  record(directory, { kind: 'zfs', dataset });
  const { parent, mountPoint } = opened;
  const storage = new ZfsStorage({ parent, mountPoint, fill, imageVersion });
  return { available: true, storage, note: null, close: () => undefined };
}

function openDirectory({ directory, fill }: OpenStorageRequest, note: string | null): StorageAttempt {
  record(directory, { kind: 'directory', dataset: null });
  const storage = new DirectoryStorage({ directory, fill, parts: ['root'] });
  return { available: true, storage, note, close: () => undefined };
}

function isSame(known: StorageRecord, choice: StorageChoice): boolean {
  if (choice.kind !== 'zfs') return known.kind === choice.kind;
  return known.dataset !== null && path.posix.dirname(known.dataset) === choice.pool;
}

function record(directory: string, content: StorageRecord): void {
  const file = path.join(directory, recordFile);
  const text = `${JSON.stringify(content)}\n`;
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileDurably(file, text);
}

/** What is recorded; of a directory that is older than its record, what it looks like. */
function readRecord(directory: string): StorageRecord | undefined {
  const file = path.join(directory, recordFile);
  if (existsSync(file)) return StorageRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (hasEntries(path.join(directory, 'volumes'))) return { kind: 'directory', dataset: null };
  return existsSync(path.join(directory, 'storage')) ? { kind: 'btrfs', dataset: null } : undefined;
}

const recordFile = 'storage.json';

function hasMachines(directory: string): boolean {
  return ['machines', 'volumes', 'snapshots'].some((name) => hasEntries(path.join(directory, name)));
}

function hasEntries(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).length > 0;
}
