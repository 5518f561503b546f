import type { SnapshotFacts } from '@control-plane/contract/link';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rename, statfs } from 'node:fs/promises';
import path from 'node:path';
import { done, fail, succeed, type Outcome } from '../../outcome.ts';
import type {
  CloneRequest,
  CopySnapshotRequest,
  ReceiveRequest,
  SendRequest,
  StorageDriver,
  StorageUsage,
} from '../types.ts';
import { isCopyPointName } from './copy-point-name.ts';
import { ImageTrees, type FillVolume } from './image-trees.ts';
import { listFacts, readFacts, snapshotKey, syncDirectory, writeFacts } from './snapshot-files.ts';
import { attempt, fullDisk } from './storage-failure.ts';
import type { VolumeTrees } from './volume-trees.ts';

export type PathStorageOptions = {
  /** Directory that holds volumes and snapshots, all on one file system. */
  readonly directory: string;
  readonly fill: FillVolume;
  readonly trees: VolumeTrees;
  /** Changes when an image's content changes; absent: an image never changes. */
  readonly imageVersion?: (image: string) => string;
};

/** A snapshot's facts as far as they are known before it is published. */
type UnpublishedFacts = Omit<SnapshotFacts, 'size_bytes'> & Partial<Pick<SnapshotFacts, 'size_bytes'>>;

/** Free space below which nothing new is begun: the file system's own bookkeeping needs room to free anything. */
const reserveBytes = 32 * 1024 * 1024;

/**
 * Volumes and snapshots as trees in a file system. What is half made bears another name until it is whole.
 *
 *   volumes/ID            the volume             snapshots/ID/NAME/   snapshot.json, volume/
 *   volumes/ID.partial    being made             snapshots/ID/NAME.partial   being copied
 *   volumes/ID.restore    staged, to be swapped in
 *   volumes/ID.replaced   swapped out, kept until the restore is settled
 *   images/KEY            an image as it is cloned, where clones are free
 *
 * A copy point is a snapshot that its name hides; a mere base has no `volume/` where streams are always whole.
 */
export class PathStorage implements StorageDriver {
  readonly name: string;
  readonly capabilities = { snapshot: true, copy: true };
  readonly amendStaged?: NonNullable<StorageDriver['amendStaged']>;
  readonly #options: PathStorageOptions;
  readonly #trees: VolumeTrees;
  readonly #volumes: string;
  readonly #snapshots: string;
  /** Absent where a clone costs as much as filling a volume. */
  readonly #images: ImageTrees | undefined;

  constructor(options: PathStorageOptions) {
    this.#options = options;
    this.#trees = options.trees;
    this.name = options.trees.name;
    if (options.trees.clonesAreFree) {
      this.amendStaged = (containerId, name, change) => this.#amendStaged(containerId, name, change);
    }
    this.#volumes = path.join(options.directory, 'volumes');
    this.#snapshots = path.join(options.directory, 'snapshots');
    this.#images = options.trees.clonesAreFree
      ? new ImageTrees({ ...options, directory: path.join(options.directory, 'images') })
      : undefined;
    for (const directory of [this.#volumes, this.#snapshots])
      mkdirSync(directory, { recursive: true, mode: 0o711 });
  }

  volumePath(containerId: string): string {
    return path.join(this.#volumes, containerId);
  }

  async hasVolume(containerId: string): Promise<boolean> {
    return existsSync(this.volumePath(containerId));
  }

  async createVolume(request: {
    containerId: string;
    image: string;
    rootUid: number;
  }): Promise<Outcome<undefined>> {
    const volume = this.volumePath(request.containerId);
    if (existsSync(volume)) return done;
    const partial = `${volume}.partial`;
    const made = await attempt('The machine’s disk could not be made.', async () => {
      await this.#needRoom(0);
      await this.#trees.remove(partial);
      if (this.#images !== undefined) await this.#images.clone(request.image, request.rootUid, partial);
      else {
        await this.#trees.make(partial);
        await this.#options.fill(partial, request.image, request.rootUid);
      }
      await rename(partial, volume);
    });
    if (!made.ok) await attempt('', () => this.#trees.remove(partial));
    return made;
  }

  async cloneVolume({ source, snapshot, target }: CloneRequest): Promise<Outcome<undefined>> {
    const volume = this.volumePath(target);
    if (existsSync(volume)) return done;
    const from = snapshot === null ? this.volumePath(source) : this.snapshotPath(source, snapshot);
    const partial = `${volume}.partial`;
    if (!existsSync(from)) return fail('SNAPSHOT_NOT_FOUND', 'There is nothing of this name to be copied.');
    const made = await attempt('The machine’s disk could not be copied.', async () => {
      await this.#trees.remove(partial);
      await this.#needRoomFor(from);
      await this.#trees.clone(from, partial, 'writable');
      await rename(partial, volume);
      await syncDirectory(this.#volumes);
    });
    if (!made.ok) await attempt('', () => this.#trees.remove(partial));
    return made;
  }

  async deleteVolume(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.volumePath(containerId);
    const files = ['', '.partial', '.restore', '.replaced'].map((suffix) => `${volume}${suffix}`);
    return attempt('The machine’s disk could not be removed.', () =>
      this.#trees.remove(...files, path.join(this.#snapshots, containerId)),
    );
  }

  async listVolumes(): Promise<string[]> {
    const names = readdirSync(this.#volumes).map((name) => name.split('.')[0] ?? name);
    return [...new Set([...names, ...readdirSync(this.#snapshots)])];
  }

  async usedBytes(containerId: string): Promise<number | null> {
    const usage = await this.usage(containerId);
    return usage.ok ? usage.value.referencedBytes : null;
  }

  async usage(containerId: string): Promise<Outcome<StorageUsage>> {
    let usage: StorageUsage = { referencedBytes: 0, exclusiveBytes: 0 };
    const counted = await attempt('The machine’s disk could not be measured.', async () => {
      usage = await this.#trees.usage(this.volumePath(containerId));
    });
    return counted.ok ? succeed(usage) : counted;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#volumes);
    return bavail * bsize;
  }

  async setQuota(containerId: string, bytes: number | null): Promise<Outcome<{ enforced: boolean }>> {
    let enforced = false;
    const set = await attempt('The machine’s disk could not be bounded.', async () => {
      enforced = await this.#trees.setQuota(this.volumePath(containerId), bytes);
    });
    return set.ok ? succeed({ enforced }) : set;
  }

  snapshotPath(containerId: string, name: string): string {
    return path.join(this.#snapshotDirectory(containerId, name), 'volume');
  }

  async snapshot(containerId: string, name: string): Promise<SnapshotFacts | undefined> {
    return readFacts(this.#snapshotDirectory(containerId, name));
  }

  async listSnapshots(containerId: string): Promise<SnapshotFacts[]> {
    const all = listFacts(path.join(this.#snapshots, containerId));
    return all.filter(({ name }) => !isCopyPointName(name));
  }

  async listCopyPoints(containerId: string): Promise<string[]> {
    const all = listFacts(path.join(this.#snapshots, containerId));
    return all.map(({ name }) => name).filter(isCopyPointName);
  }

  async keepAsBase(containerId: string, name: string): Promise<Outcome<undefined>> {
    if (this.#trees.sendsDifferences) return done;
    return attempt('The base of the copy could not be kept.', () =>
      this.#trees.remove(this.snapshotPath(containerId, name)),
    );
  }

  async copySnapshot({
    source,
    snapshot,
    target,
    name,
  }: CopySnapshotRequest): Promise<Outcome<SnapshotFacts>> {
    const known = await this.snapshot(target, name);
    if (known !== undefined) return succeed(known);
    const facts = await this.snapshot(source, snapshot);
    const from = this.snapshotPath(source, snapshot);
    if (facts === undefined || !existsSync(from))
      return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    const partial = `${this.#snapshotDirectory(target, name)}.partial`;
    const copied = await attempt('The snapshot could not be copied.', async () => {
      await this.#trees.remove(partial);
      await this.#needRoomFor(from);
      mkdirSync(partial, { recursive: true, mode: 0o711 });
      await this.#trees.clone(from, path.join(partial, 'volume'), 'read-only');
    });
    if (copied.ok) return this.#publish(target, { ...facts, name });
    await attempt('', () => this.#trees.remove(partial));
    return copied;
  }

  async stageSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const partial = `${this.#snapshotDirectory(containerId, name)}.partial`;
    return attempt('The snapshot could not be copied.', async () => {
      await this.#trees.remove(partial);
      await this.#needRoomFor(this.volumePath(containerId));
      mkdirSync(partial, { recursive: true, mode: 0o711 });
      await this.#trees.clone(this.volumePath(containerId), path.join(partial, 'volume'), 'read-only');
    });
  }

  #amendStaged(
    containerId: string,
    name: string,
    change: (volume: string) => Promise<Outcome<undefined>>,
  ): Promise<Outcome<undefined>> {
    const tree = path.join(`${this.#snapshotDirectory(containerId, name)}.partial`, 'volume');
    let changed: Outcome<undefined> = done;
    const amended = attempt('The snapshot could not be completed.', () =>
      this.#trees.amend(tree, async (open) => {
        changed = await change(open);
      }),
    );
    return amended.then((outcome) => (outcome.ok ? changed : outcome));
  }

  publishSnapshot(containerId: string, name: string, stateful: boolean): Promise<Outcome<SnapshotFacts>> {
    return this.#publish(containerId, { name, stateful, created_at: new Date().toISOString() });
  }

  async deleteSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const target = this.#snapshotDirectory(containerId, name);
    return attempt('The snapshot could not be removed.', async () => {
      // Out of sight in one step: a crash in the middle leaves no half snapshot.
      await this.#trees.remove(`${target}.deleted`, `${target}.partial`);
      if (!existsSync(target)) return;
      renameSync(target, `${target}.deleted`);
      await this.#trees.remove(`${target}.deleted`);
    });
  }

  async send({ containerId, snapshot, base, into }: SendRequest): Promise<Outcome<undefined>> {
    const tree = this.snapshotPath(containerId, snapshot);
    const parent = base === null ? null : this.snapshotPath(containerId, base);
    if (!existsSync(tree)) return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    if (base !== null && (await this.snapshot(containerId, base)) === undefined) {
      return fail(
        'SNAPSHOT_NOT_FOUND',
        'The snapshot that both sides had in common is gone: send all of it.',
      );
    }
    return attempt('The snapshot could not be sent.', () => this.#trees.send(tree, parent, into));
  }

  async receive(request: ReceiveRequest): Promise<Outcome<SnapshotFacts>> {
    const { containerId, snapshot, stateful, createdAt, stream } = request;
    const existing = await this.snapshot(containerId, snapshot);
    if (existing !== undefined) {
      stream.resume();
      return succeed(existing);
    }
    const partial = `${this.#snapshotDirectory(containerId, snapshot)}.partial`;
    const received = await attempt('The snapshot could not be received.', async () => {
      await this.#trees.remove(partial);
      await this.#needRoom(request.sizeBytesMin);
      mkdirSync(partial, { recursive: true, mode: 0o711 });
      await this.#trees.receive(path.join(partial, 'volume'), stream);
      await this.#trees.flush(path.join(partial, 'volume'));
    });
    if (received.ok)
      return this.#publish(containerId, {
        name: snapshot,
        stateful,
        created_at: createdAt ?? new Date().toISOString(),
      });
    await attempt('', () => this.#trees.remove(partial));
    return received;
  }

  /** Streams of trees are whole or nothing: a new attempt begins anew. */
  async resumeToken(): Promise<string | null> {
    return null;
  }

  stagedPath(containerId: string): string {
    return `${this.volumePath(containerId)}.restore`;
  }

  async stageRestore(containerId: string, name: string, source?: string): Promise<Outcome<undefined>> {
    const volume = this.volumePath(containerId);
    const tree = this.snapshotPath(source ?? containerId, name);
    return attempt('The snapshot could not be copied back.', async () => {
      await this.#trees.remove(`${volume}.restore`);
      if (existsSync(volume)) await this.#trees.remove(`${volume}.replaced`);
      await this.#needRoomFor(tree);
      await this.#trees.clone(tree, `${volume}.restore`, 'writable');
      if (!this.#trees.clonesAreDurable) await this.#trees.flush(`${volume}.restore`);
    });
  }

  async discardStagedRestore(containerId: string): Promise<Outcome<undefined>> {
    return attempt('The staged copy could not be removed.', () =>
      this.#trees.remove(`${this.volumePath(containerId)}.restore`),
    );
  }

  async swapRestore(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.volumePath(containerId);
    return attempt('The machine’s disk could not be exchanged.', async () => {
      if (!existsSync(`${volume}.restore`)) return;
      if (existsSync(volume)) await rename(volume, `${volume}.replaced`);
      await rename(`${volume}.restore`, volume);
      await syncDirectory(this.#volumes);
    });
  }

  async unswapRestore(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.volumePath(containerId);
    return attempt('The machine’s disk could not be put back.', async () => {
      if (!existsSync(`${volume}.replaced`)) return;
      if (existsSync(volume)) {
        await this.#trees.remove(`${volume}.restore`);
        await rename(volume, `${volume}.restore`);
      }
      await rename(`${volume}.replaced`, volume);
      await syncDirectory(this.#volumes);
    });
  }

  /** Snapshots are trees of their own here: going back past newer ones leaves those as they are. */
  async discardReplaced(containerId: string): Promise<Outcome<{ goneSnapshots: readonly string[] }>> {
    const removed = await attempt('The replaced disk could not be removed.', () =>
      this.#trees.remove(`${this.volumePath(containerId)}.replaced`),
    );
    return removed.ok ? succeed({ goneSnapshots: [] }) : removed;
  }

  async #needRoomFor(tree: string): Promise<void> {
    await this.#needRoom(this.#trees.clonesAreFree ? 0 : (await this.#trees.usage(tree)).referencedBytes);
  }

  async #needRoom(bytes: number): Promise<void> {
    if ((await this.freeBytes()) >= bytes + reserveBytes) return;
    await this.#trees.reclaim?.(this.#volumes);
    if ((await this.freeBytes()) < bytes + reserveBytes) throw fullDisk();
  }

  /** Makes what was copied into `.partial` durable and visible in one step; its size is measured unless it is known. */
  async #publish(containerId: string, known: UnpublishedFacts): Promise<Outcome<SnapshotFacts>> {
    const published = await this.snapshot(containerId, known.name);
    if (published !== undefined) return succeed(published);
    const target = this.#snapshotDirectory(containerId, known.name);
    const partial = `${target}.partial`;
    let facts: SnapshotFacts = { size_bytes: 0, ...known };
    const completed = await attempt('The snapshot could not be completed.', async () => {
      const tree = path.join(partial, 'volume');
      if (!this.#trees.clonesAreDurable) await this.#trees.flush(tree);
      if (known.size_bytes === undefined)
        facts = { ...facts, size_bytes: (await this.#trees.usageOnDisk(tree)).referencedBytes };
      writeFacts(partial, facts);
      await rename(partial, target);
      await syncDirectory(path.dirname(target));
    });
    return completed.ok ? succeed(facts) : completed;
  }

  #snapshotDirectory(containerId: string, name: string): string {
    return path.join(this.#snapshots, containerId, snapshotKey(name));
  }
}
