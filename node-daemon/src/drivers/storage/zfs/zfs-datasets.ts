import { factsProperty, lines, parseSnapshots, type ListedSnapshot } from './zfs-output.ts';
import type { ZfsProgram } from './zfs-program.ts';

/** Data sets below one parent, with what ZFS itself does not do: removing one while clones of it live on. */
export class ZfsDatasets {
  readonly #zfs: ZfsProgram;

  constructor(zfs: ZfsProgram) {
    this.#zfs = zfs;
  }

  async exists(dataset: string): Promise<boolean> {
    try {
      await this.#zfs.run('list', '-H', '-o', 'name', dataset);
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.includes('does not exist')) return false;
      throw error;
    }
  }

  /** Data sets right below `parent`, by their last component. */
  async children(parent: string): Promise<string[]> {
    const text = await this.#zfs.run('list', '-H', '-r', '-d', '1', '-o', 'name', '-t', 'filesystem', parent);
    return lines(text)
      .filter((name) => name !== parent)
      .map((name) => name.slice(parent.length + 1));
  }

  /** Snapshots of a data set, the oldest first; none when it does not exist. */
  async snapshots(dataset: string): Promise<ListedSnapshot[]> {
    if (!(await this.exists(dataset))) return [];
    const columns = `name,clones,${factsProperty}`;
    const text = await this.#zfs.run(
      'list',
      '-H',
      '-r',
      '-d',
      '1',
      '-t',
      'snapshot',
      '-s',
      'createtxg',
      '-o',
      columns,
      dataset,
    );
    return parseSnapshots(text);
  }

  /**
   * Removes a data set with its snapshots. A clone that lives on takes over the snapshot it came from and all
   * older ones: it is promoted, the one with the newest origin first, so that each is promoted once at most.
   */
  async remove(dataset: string): Promise<void> {
    for (;;) {
      const snapshots = await this.snapshots(dataset);
      const clone = snapshots.toReversed().flatMap((snapshot) => snapshot.clones)[0];
      if (clone === undefined) break;
      await this.#zfs.run('promote', clone);
    }
    if (await this.exists(dataset)) await this.#zfs.run('destroy', '-r', dataset);
  }
}
