import type { SnapshotFacts } from '@control-plane/contract/link';
import { isCopyPointName } from '../copy-point-name.ts';
import { factsProperty, formatFacts, lines, type ListedSnapshot } from './zfs-output.ts';
import type { ZfsProgram } from './zfs-program.ts';

/**
 * Copy points on ZFS beyond plain snapshots: one that stands for a published snapshot is a name in that one's
 * facts, one that is a mere base is a bookmark `DATASET#NAME` of the volume, which takes no space and outlives
 * its snapshot.
 */
export class ZfsCopyPoints {
  readonly #zfs: ZfsProgram;

  constructor(zfs: ZfsProgram) {
    this.#zfs = zfs;
  }

  /** Names of all copy points: snapshots, names that stand for snapshots, bookmarks. */
  async list(volume: string, published: readonly ListedSnapshot[]): Promise<string[]> {
    const named = published.flatMap((each) => [
      each.published?.facts.name ?? '',
      ...(each.published?.points ?? []),
    ]);
    const kept = (await this.#bookmarks(volume)).map((bookmark) => bookmark.split('#')[1] ?? '');
    return [...new Set([...named, ...kept])].filter(isCopyPointName);
  }

  /** The bookmark of a copy point; undefined: there is none. */
  async bookmark(volume: string, name: string): Promise<string | undefined> {
    return (await this.#bookmarks(volume)).find((bookmark) => bookmark === `${volume}#${name}`);
  }

  /** Keeps a snapshot's place in history under the name of a copy point. */
  async keepBookmark(volume: string, name: string, snapshot: string): Promise<void> {
    if ((await this.bookmark(volume, name)) === undefined)
      await this.#zfs.run('bookmark', snapshot, `${volume}#${name}`);
  }

  async removeBookmark(volume: string, name: string): Promise<void> {
    const bookmark = await this.bookmark(volume, name);
    if (bookmark !== undefined) await this.#zfs.run('destroy', bookmark);
  }

  /** Lets a copy point stand for a published snapshot. */
  async addName(snapshot: ListedSnapshot, name: string): Promise<void> {
    if (snapshot.published === undefined || snapshot.published.points.includes(name)) return;
    await this.#write(snapshot, [...snapshot.published.points, name], snapshot.published.hidden);
  }

  /** Takes such a name away; whether the snapshot was kept for this name only and may go now. */
  async removeName(snapshot: ListedSnapshot, name: string): Promise<boolean> {
    if (snapshot.published === undefined) return false;
    const left = snapshot.published.points.filter((each) => each !== name);
    await this.#write(snapshot, left, snapshot.published.hidden);
    return left.length === 0 && snapshot.published.hidden;
  }

  /** The snapshot counts as deleted; it stays for the copy points that stand for it. */
  async hide(snapshot: ListedSnapshot): Promise<void> {
    const guid = (await this.#zfs.run('get', '-Hp', '-o', 'value', 'guid', snapshot.name)).trim();
    await this.#write(snapshot, snapshot.published?.points ?? [], true);
    await this.#zfs.run('rename', snapshot.name, `${snapshot.name}-gone-${guid}`);
  }

  async #write(snapshot: ListedSnapshot, points: readonly string[], hidden: boolean): Promise<void> {
    if (snapshot.published === undefined) return;
    const { container, facts } = snapshot.published;
    await this.#zfs.run(
      'set',
      `${factsProperty}=${formatFacts(container, facts, points, hidden)}`,
      snapshot.name,
    );
  }

  async #bookmarks(volume: string): Promise<string[]> {
    return lines(await this.#zfs.list('-H', '-t', 'bookmark', '-r', '-d', '1', '-o', 'name', volume));
  }
}

/** The facts under which a snapshot is found by `name`: its own, or those of the copy point that stands for it. */
export function factsFor(snapshot: ListedSnapshot, name: string): SnapshotFacts | undefined {
  const facts = snapshot.published?.facts;
  return facts === undefined ? undefined : { ...facts, name };
}
