import type { Readable, Writable } from 'node:stream';

/** Bytes that a tree takes. `exclusive`: what would be free again without it; `referenced`: all that it shows. */
export type TreeUsage = { readonly referencedBytes: number; readonly exclusiveBytes: number };

/**
 * What a file system offers for whole trees of files: the difference between plain directories and btrfs.
 * Each call throws the system's error when it fails; {@link PathStorage} turns those into outcomes. A call
 * that was interrupted may leave a half tree at its target, which `remove` takes away.
 */
export interface VolumeTrees {
  readonly name: string;
  /** Whether a clone costs neither time nor space in proportion to its source. */
  readonly clonesAreFree: boolean;
  /** Whether a stream with a base holds only what differs; else a base is a name and its content is of no use. */
  readonly sendsDifferences: boolean;
  /** Makes an empty tree. */
  make(target: string): Promise<void>;
  /** Makes `target`, which is not there, the same as `source`. A read-only one never changes. */
  clone(source: string, target: string, access: 'read-only' | 'writable'): Promise<void>;
  /** Lets `change` complete a read-only tree that nobody has used yet; it never changes again afterwards. */
  amend(tree: string, change: (tree: string) => Promise<void>): Promise<void>;
  /** Removes trees, directories that hold trees, or what is half of either; what is missing is fine. */
  remove(...targets: readonly string[]): Promise<void>;
  /** Whether a clone is on the disk, and counted by `usageOnDisk`, when `clone` returns. */
  readonly clonesAreDurable: boolean;
  /** Waits, some seconds at most, until the room of removed trees is free again; absent: it is at once. */
  reclaim?(directory: string): Promise<void>;
  /** Returns once all of it is on the disk. */
  flush(tree: string): Promise<void>;
  usage(tree: string): Promise<TreeUsage>;
  /** As `usage`, without what was written since the last flush of the tree. */
  usageOnDisk(tree: string): Promise<TreeUsage>;
  /** Bounds what a tree may show; null: no bound. Gives false when this file system has no such bounds. */
  setQuota(tree: string, bytes: number | null): Promise<boolean>;
  /** Writes a read-only tree as a stream; with a base, only what differs from it. */
  send(tree: string, base: string | null, into: Writable): Promise<void>;
  /** Makes a read-only tree called `target` out of such a stream; the base must be there as it was sent. */
  receive(target: string, stream: Readable): Promise<void>;
}
