import type { StorageUsage } from '../../types.ts';
import { factsProperty, lines, parseNumbers, parseSnapshots, type ListedSnapshot } from './zfs-output.ts';
import type { ZfsProgram } from './zfs-program.ts';

/** In the name of a snapshot that goes with the last of its clones. */
const goneMark = '-gone-';

/** Data sets below one parent, with what ZFS itself does not do: removing one while clones of it live on. */
export class ZfsDatasets {
  readonly #zfs: ZfsProgram;

  constructor(zfs: ZfsProgram) {
    this.#zfs = zfs;
  }

  async exists(dataset: string): Promise<boolean> {
    return (await this.existing(dataset)).size > 0;
  }

  /** Which of these data sets are there. */
  async existing(...datasets: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(lines(await this.#zfs.list('-H', '-o', 'name', ...datasets)));
  }

  /** Data sets right below `parent`, by their last component. */
  async children(parent: string): Promise<string[]> {
    const text = await this.#zfs.run('list', '-H', '-r', '-d', '1', '-o', 'name', '-t', 'filesystem', parent);
    return lines(text)
      .filter((name) => name !== parent)
      .map((name) => name.slice(parent.length + 1));
  }

  /** Snapshots of data sets, the oldest first; one that does not exist has none. */
  async snapshots(...datasets: readonly string[]): Promise<ListedSnapshot[]> {
    const order = ['-H', '-r', '-d', '1', '-t', 'snapshot', '-s', 'createtxg'];
    return parseSnapshots(await this.#zfs.list(...order, '-o', `name,clones,${factsProperty}`, ...datasets));
  }

  /** Bytes of a data set. */
  async usage(dataset: string): Promise<StorageUsage> {
    const text = await this.#zfs.run('list', '-Hp', '-o', 'referenced,usedbydataset', dataset);
    const [referencedBytes = 0, exclusiveBytes = 0] = parseNumbers(text);
    return { referencedBytes, exclusiveBytes };
  }

  /** Bytes that may still be written below a data set. */
  async availableBytes(dataset: string): Promise<number> {
    const text = await this.#zfs.run('get', '-Hp', '-o', 'value', 'available', dataset);
    return parseNumbers(text)[0] ?? 0;
  }

  /** Removes a snapshot: at once out of sight, and from the disk with the last of its clones. */
  async removeSnapshot({ name, clones }: ListedSnapshot): Promise<void> {
    if (clones.length === 0) {
      await this.#zfs.run('destroy', name);
      return;
    }
    if (name.includes(goneMark)) return;
    const guid = (await this.#zfs.run('get', '-Hp', '-o', 'value', 'guid', name)).trim();
    await this.#zfs.run('inherit', factsProperty, name);
    await this.#zfs.run('rename', name, `${name}${goneMark}${guid}`);
    await this.#zfs.run('destroy', '-d', `${name}${goneMark}${guid}`);
  }

  /** Takes a data set back to its newest published snapshot, when what came after that was not published. */
  async dropUnpublished(dataset: string): Promise<void> {
    const all = (await this.snapshots(dataset)).filter(({ name }) => !name.includes(goneMark));
    const last = all.findLastIndex(({ published }) => published !== undefined);
    const newest = all[last];
    if (newest === undefined || last === all.length - 1) return;
    for (const snapshot of all.slice(last + 1)) await this.removeSnapshot(snapshot);
    await this.#zfs.run('rollback', newest.name);
  }

  /**
   * Removes a data set with its snapshots. A clone that lives on takes over the snapshot it came from and all
   * older ones: it is promoted, the one with the newest origin first, so that each is promoted once at most.
   * What it took over goes as well, as far as no other clone needs it.
   */
  async remove(dataset: string): Promise<void> {
    const promoted: string[] = [];
    const own = await this.#withSnapshots(dataset);
    if (own.length === 0) return;
    for (let left = own; ; left = await this.#withSnapshots(dataset)) {
      const clone = left.toReversed().flatMap((snapshot) => snapshot.clones)[0];
      if (clone === undefined) break;
      await this.#zfs.run('promote', clone);
      promoted.push(clone);
    }
    await this.#zfs.run('destroy', '-r', dataset);
    if (promoted.length === 0) return;
    const names = new Set(own.map(({ name }) => name.slice(dataset.length)).filter((name) => name !== ''));
    for (const snapshot of await this.snapshots(...promoted)) {
      if (names.has(snapshot.name.slice(snapshot.name.indexOf('@')))) await this.removeSnapshot(snapshot);
    }
  }

  /** A data set and its snapshots; none when it does not exist. */
  async #withSnapshots(dataset: string): Promise<ListedSnapshot[]> {
    const order = ['-H', '-r', '-d', '1', '-t', 'filesystem,snapshot', '-s', 'createtxg'];
    const all = parseSnapshots(await this.#zfs.list(...order, '-o', `name,clones,${factsProperty}`, dataset));
    return all.filter(({ name }) => name === dataset || name.startsWith(`${dataset}@`));
  }
}
