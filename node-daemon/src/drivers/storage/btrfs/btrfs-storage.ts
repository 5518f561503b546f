import { PathStorage, type PathStorageOptions } from '../path-storage.ts';
import { BtrfsTrees } from './btrfs-trees.ts';

/** `directory` is on btrfs: see `openBtrfsDirectory`. */
export type BtrfsStorageOptions = Omit<PathStorageOptions, 'trees'>;

/**
 * Volumes, snapshots and images as btrfs subvolumes. Clone, snapshot and rollback cost the same whatever the
 * size. Snapshots don't depend on each other: any may be removed while clones of it live on.
 */
export class BtrfsStorage extends PathStorage {
  constructor(options: BtrfsStorageOptions) {
    super({ ...options, trees: new BtrfsTrees() });
  }
}
