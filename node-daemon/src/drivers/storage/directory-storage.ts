import { DirectoryTrees } from './directory/directory-trees.ts';
import type { FillVolume } from './image-trees.ts';
import { PathStorage } from './path-storage.ts';

export type DirectoryStorageOptions = {
  /** Directory that holds volumes and snapshots, all on one file system. */
  readonly directory: string;
  /** Puts an image's content into an empty volume that belongs to host uid `rootUid`. */
  readonly fill: FillVolume;
  /** The parts of a volume that a snapshot holds; absent: all of it. */
  readonly parts?: readonly string[];
  /** Empty directories that a volume needs beside its parts. */
  readonly scratch?: readonly string[];
  /** Wraps a command so that it may read and remove whatever a machine made in its volume. */
  readonly wrap?: (argv: readonly string[]) => readonly [command: string, rest: string[]];
};

/** Volumes as plain directories, snapshots as full copies (reflinked where the file system can). */
export class DirectoryStorage extends PathStorage {
  constructor(options: DirectoryStorageOptions) {
    const { directory, fill, parts, scratch, wrap } = options;
    const trees = new DirectoryTrees({
      ...(parts === undefined ? {} : { parts }),
      ...(scratch === undefined ? {} : { scratch }),
      ...(wrap === undefined ? {} : { wrap }),
    });
    super({ directory, fill, trees });
  }
}
