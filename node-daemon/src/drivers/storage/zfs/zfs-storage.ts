import type { SnapshotFacts } from '@control-plane/contract/link';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { done, fail, succeed, type Outcome } from '../../../outcome.ts';
import type {
  CloneRequest,
  CopySnapshotRequest,
  ReceiveRequest,
  SendRequest,
  StorageDriver,
  StorageUsage,
} from '../../types.ts';
import { isCopyPointName } from '../copy-point-name.ts';
import type { FillVolume } from '../image-trees.ts';
import { attempt, fullDisk } from '../storage-failure.ts';
import { factsFor, ZfsCopyPoints } from './zfs-copy-points.ts';
import { ZfsDatasets } from './zfs-datasets.ts';
import { ZfsImages } from './zfs-images.ts';
import { factsProperty, formatFacts, parseNumbers, type ListedSnapshot } from './zfs-output.ts';
import { zfsSnapshotName } from './zfs-snapshot-name.ts';
import { systemZfs, type ZfsProgram } from './zfs-program.ts';
import { streamSnapshot, ZfsReplication } from './zfs-replication.ts';

export type ZfsStorageOptions = {
  /** The host's own by default. */
  readonly zfs?: ZfsProgram;
  /** Data set that holds everything; `volumes`, `images` and `received` below it exist. */
  readonly parent: string;
  /** Where `parent` is mounted. */
  readonly mountPoint: string;
  readonly fill: FillVolume;
  readonly imageVersion?: (image: string) => string;
};

/** Free space below which nothing new is begun. */
const reserveBytes = 64 * 1024 * 1024;

/**
 * Volumes as ZFS data sets. Half-made ones bear another name, a snapshot counts once its facts are set on it.
 *
 *   volumes/ID  .partial  .restore  .replaced     as in `PathStorage`        images/KEY@base
 *   volumes/ID@ID-KEY   a snapshot: the id keeps names apart when a clone takes snapshots over
 *   volumes/ID#copy-…   a copy point as the base of the next stream: see `ZfsCopyPoints`
 *   received/ID   what another host sent
 *
 * Arguments and parsing are tested against outputs; that OpenZFS does what they ask for is what `npm run test:zfs`
 * proves, on a virtual machine that has it.
 */
export class ZfsStorage implements StorageDriver {
  readonly name = 'zfs';
  readonly capabilities = { snapshot: true, copy: true };
  readonly #options: ZfsStorageOptions;
  readonly #zfs: ZfsProgram;
  readonly #datasets: ZfsDatasets;
  readonly #images: ZfsImages;
  readonly #points: ZfsCopyPoints;
  readonly #replication: ZfsReplication;

  constructor(options: ZfsStorageOptions) {
    this.#options = options;
    this.#zfs = options.zfs ?? systemZfs;
    this.#datasets = new ZfsDatasets(this.#zfs);
    this.#images = new ZfsImages(options, this.#zfs, this.#datasets);
    this.#points = new ZfsCopyPoints(this.#zfs);
    this.#replication = new ZfsReplication(this.#zfs, this.#datasets);
  }

  volumePath(containerId: string): string {
    return path.join(this.#options.mountPoint, 'volumes', containerId);
  }

  hasVolume(containerId: string): Promise<boolean> {
    return this.#datasets.exists(this.#volume(containerId));
  }

  async createVolume(request: {
    containerId: string;
    image: string;
    rootUid: number;
  }): Promise<Outcome<undefined>> {
    const volume = this.#volume(request.containerId);
    return attempt('The machine’s disk could not be made.', async () => {
      if (await this.#datasets.exists(volume)) return;
      await this.#needRoom(0);
      const image = await this.#images.open(request.image, request.rootUid);
      await this.#zfs.run('clone', `${image}@base`, volume);
    });
  }

  async cloneVolume({ source, snapshot, target }: CloneRequest): Promise<Outcome<undefined>> {
    const volume = this.#volume(target);
    const found = snapshot === null ? undefined : await this.#find(source, snapshot);
    const exists = snapshot === null ? await this.hasVolume(source) : found !== undefined;
    if (!exists) return fail('SNAPSHOT_NOT_FOUND', 'There is nothing of this name to be copied.');
    return attempt('The machine’s disk could not be copied.', async () => {
      if (await this.#datasets.exists(volume)) return;
      const origin = found?.name ?? `${this.#volume(source)}@${source}-for-${target}`;
      const isMade = (await this.#datasets.snapshots(this.#volume(source))).some(
        ({ name }) => name === origin,
      );
      if (found === undefined && !isMade) await this.#zfs.run('snapshot', origin);
      await this.#zfs.run('clone', origin, volume);
      // It goes by itself when the clone does.
      if (found === undefined) await this.#zfs.run('destroy', '-d', origin);
    });
  }

  async deleteVolume(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.#volume(containerId);
    return attempt('The machine’s disk could not be removed.', async () => {
      const datasets = [`${volume}.restore`, volume, `${volume}.replaced`];
      for (const dataset of datasets) await this.#datasets.remove(dataset);
      await this.#replication.remove(this.#received(containerId));
    });
  }

  async listVolumes(): Promise<string[]> {
    const { parent } = this.#options;
    const names = [
      ...(await this.#datasets.children(`${parent}/volumes`)),
      ...(await this.#datasets.children(`${parent}/received`)),
    ];
    return [...new Set(names.map((name) => name.split('.')[0] ?? name))];
  }

  async usedBytes(containerId: string): Promise<number | null> {
    const usage = await this.usage(containerId);
    return usage.ok ? usage.value.referencedBytes : null;
  }

  async usage(containerId: string): Promise<Outcome<StorageUsage>> {
    let usage: StorageUsage = { referencedBytes: 0, exclusiveBytes: 0 };
    const counted = await attempt('The machine’s disk could not be measured.', async () => {
      usage = await this.#datasets.usage(this.#volume(containerId));
    });
    return counted.ok ? succeed(usage) : counted;
  }

  freeBytes(): Promise<number> {
    return this.#datasets.availableBytes(this.#options.parent);
  }

  async setQuota(containerId: string, bytes: number | null): Promise<Outcome<{ enforced: boolean }>> {
    const set = await attempt('The machine’s disk could not be bounded.', async () => {
      await this.#zfs.run('set', `refquota=${bytes ?? 'none'}`, this.#volume(containerId));
    });
    return set.ok ? succeed({ enforced: true }) : set;
  }

  snapshotPath(containerId: string, name: string): string {
    const inside = path.join(containerId, '.zfs', 'snapshot', zfsSnapshotName(containerId, name));
    const places = ['volumes', 'received'].map((part) => path.join(this.#options.mountPoint, part, inside));
    return places.find((place) => existsSync(place)) ?? places[0] ?? '';
  }

  async snapshot(containerId: string, name: string): Promise<SnapshotFacts | undefined> {
    const found = await this.#find(containerId, name);
    return found && factsFor(found, name);
  }

  async listSnapshots(containerId: string): Promise<SnapshotFacts[]> {
    const all = (await this.#published(containerId)).flatMap(({ published }) =>
      published === undefined || published.hidden ? [] : published.facts,
    );
    return all.filter(({ name }) => !isCopyPointName(name));
  }

  async listCopyPoints(containerId: string): Promise<string[]> {
    return this.#points.list(this.#volume(containerId), await this.#published(containerId));
  }

  /** What another host sent must stay as it is: the next stream is received on top of it. */
  async keepAsBase(containerId: string, name: string): Promise<Outcome<undefined>> {
    const volume = this.#volume(containerId);
    const found = await this.#find(containerId, name);
    if (found?.name.startsWith(`${volume}@`) !== true) return done;
    return attempt('The base of the copy could not be kept.', async () => {
      await this.#points.keepBookmark(volume, name, found.name);
      await this.#deleteFound(containerId, name);
    });
  }

  /** Of the same machine: another name for it. For another machine: all of it, streamed. */
  async copySnapshot(request: CopySnapshotRequest): Promise<Outcome<SnapshotFacts>> {
    const { source, snapshot, target, name } = request;
    const found = await this.#find(source, snapshot);
    const facts = found && factsFor(found, name);
    if (found === undefined || facts === undefined)
      return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    if (source === target) {
      const named = await attempt('The snapshot could not be copied.', () =>
        this.#points.addName(found, name),
      );
      return named.ok ? succeed(facts) : named;
    }
    return streamSnapshot(this, request, facts);
  }

  resumeToken(containerId: string): Promise<string | null> {
    return this.#replication.resumeToken(this.#received(containerId));
  }

  stagedPath(containerId: string): string {
    return `${this.volumePath(containerId)}.restore`;
  }

  async stageSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const snapshot = `${this.#volume(containerId)}@${zfsSnapshotName(containerId, name)}`;
    return attempt('The snapshot could not be made.', async () => {
      const known = await this.#datasets.snapshots(this.#volume(containerId));
      const same = known.find((each) => each.name === snapshot);
      if (same?.published !== undefined) return;
      if (same !== undefined) await this.#datasets.removeSnapshot(same);
      await this.#needRoom(0);
      await this.#zfs.run('snapshot', snapshot);
    });
  }

  publishSnapshot(containerId: string, name: string, stateful: boolean): Promise<Outcome<SnapshotFacts>> {
    return this.#publish(this.#volume(containerId), containerId, name, stateful, new Date().toISOString());
  }

  async deleteSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    return attempt('The snapshot could not be removed.', async () => {
      if (isCopyPointName(name)) await this.#points.removeBookmark(this.#volume(containerId), name);
      await this.#deleteFound(containerId, name);
    });
  }

  async #deleteFound(containerId: string, name: string): Promise<void> {
    const wanted = `@${zfsSnapshotName(containerId, name)}`;
    const found = await this.#find(containerId, name);
    if (found !== undefined && !found.name.endsWith(wanted)) {
      if (await this.#points.removeName(found, name)) await this.#zfs.run('destroy', '-d', found.name);
      return;
    }
    if (found?.published !== undefined && found.published.points.length > 0) return this.#points.hide(found);
    for (const each of await this.#datasets.snapshots(...this.#places(containerId))) {
      if (each.name.endsWith(wanted)) await this.#datasets.removeSnapshot(each);
    }
  }

  async send({ containerId, snapshot, base, resume, into }: SendRequest): Promise<Outcome<undefined>> {
    if (resume !== undefined && resume !== null) return this.#replication.sendRest(resume, into);
    const found = await this.#find(containerId, snapshot);
    if (found === undefined) return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    const from = base === null ? undefined : await this.#baseOf(containerId, base);
    if (base !== null && from === undefined) {
      return fail(
        'SNAPSHOT_NOT_FOUND',
        'The snapshot that both sides had in common is gone: send all of it.',
      );
    }
    const increment = from === undefined ? [] : ['-i', from];
    return attempt('The snapshot could not be sent.', () =>
      this.#zfs.send(['send', '-Lce', ...increment, found.name], into),
    );
  }

  async receive(request: ReceiveRequest): Promise<Outcome<SnapshotFacts>> {
    const { containerId, snapshot, stateful, createdAt, stream, sizeBytesMin } = request;
    const existing = await this.snapshot(containerId, snapshot);
    if (existing !== undefined) {
      stream.resume();
      return succeed(existing);
    }
    const dataset = this.#received(containerId);
    const received = await attempt('The snapshot could not be received.', async () => {
      await this.#needRoom(sizeBytesMin);
      const name = zfsSnapshotName(containerId, snapshot);
      const isWhole = request.base === undefined || request.base === null;
      await this.#replication.receive({ dataset, name, isWhole, resume: request.resume ?? null, stream });
    });
    const madeAt = createdAt ?? new Date().toISOString();
    return received.ok ? this.#publish(dataset, containerId, snapshot, stateful, madeAt) : received;
  }

  async stageRestore(containerId: string, name: string, source?: string): Promise<Outcome<undefined>> {
    const settled = await this.discardReplaced(containerId);
    if (!settled.ok) return settled;
    const found = await this.#find(source ?? containerId, name);
    if (found === undefined) return fail('SNAPSHOT_NOT_FOUND', 'The machine has no snapshot of this name.');
    const staged = `${this.#volume(containerId)}.restore`;
    return attempt('The snapshot could not be copied back.', async () => {
      await this.#datasets.remove(staged);
      await this.#needRoom(0);
      await this.#zfs.run('clone', found.name, staged);
    });
  }

  async discardStagedRestore(containerId: string): Promise<Outcome<undefined>> {
    return attempt('The staged copy could not be removed.', () =>
      this.#datasets.remove(`${this.#volume(containerId)}.restore`),
    );
  }

  async swapRestore(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.#volume(containerId);
    return attempt('The machine’s disk could not be exchanged.', async () => {
      const existing = await this.#datasets.existing(`${volume}.restore`, volume);
      if (!existing.has(`${volume}.restore`)) return;
      if (existing.has(volume)) await this.#zfs.run('rename', volume, `${volume}.replaced`);
      await this.#zfs.run('rename', `${volume}.restore`, volume);
    });
  }

  async unswapRestore(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.#volume(containerId);
    return attempt('The machine’s disk could not be put back.', async () => {
      const existing = await this.#datasets.existing(`${volume}.replaced`, volume);
      if (!existing.has(`${volume}.replaced`)) return;
      if (existing.has(volume)) await this.#zfs.run('rename', volume, `${volume}.restore`);
      await this.#zfs.run('rename', `${volume}.replaced`, volume);
    });
  }

  /** The new volume takes over the snapshot it came from and all older ones; newer ones go with the old volume. */
  async discardReplaced(containerId: string): Promise<Outcome<{ goneSnapshots: readonly string[] }>> {
    const volume = this.#volume(containerId);
    const replaced = `${volume}.replaced`;
    let goneSnapshots: string[] = [];
    const discarded = await attempt('The replaced disk could not be removed.', async () => {
      if ((await this.#datasets.existing(volume, replaced)).size < 2) return;
      const origin = (await this.#zfs.run('get', '-H', '-o', 'value', 'origin', volume)).trim();
      if (origin.startsWith(`${replaced}@`)) await this.#zfs.run('promote', volume);
      const left = await this.#datasets.snapshots(replaced);
      goneSnapshots = left.flatMap(({ published }) =>
        published?.container === containerId ? published.facts.name : [],
      );
      await this.#datasets.remove(replaced);
    });
    return discarded.ok ? succeed({ goneSnapshots }) : discarded;
  }

  async #publish(
    dataset: string,
    containerId: string,
    name: string,
    stateful: boolean,
    createdAt: string,
  ): Promise<Outcome<SnapshotFacts>> {
    const snapshot = `${dataset}@${zfsSnapshotName(containerId, name)}`;
    const published = await this.snapshot(containerId, name);
    if (published !== undefined) return succeed(published);
    let facts: SnapshotFacts = { name, stateful, size_bytes: 0, created_at: createdAt };
    const set = await attempt('The snapshot could not be completed.', async () => {
      const [size = 0] = parseNumbers(
        await this.#zfs.run('get', '-Hp', '-o', 'value', 'referenced', snapshot),
      );
      facts = { ...facts, size_bytes: size };
      await this.#zfs.run('set', `${factsProperty}=${formatFacts(containerId, facts)}`, snapshot);
    });
    return set.ok ? succeed(facts) : set;
  }

  /** The base of an increment: the snapshot itself, or the bookmark that was kept of it. */
  async #baseOf(containerId: string, base: string): Promise<string | undefined> {
    const found = await this.#find(containerId, base);
    if (found !== undefined) return found.name;
    return this.#points.bookmark(this.#volume(containerId), base);
  }

  async #find(containerId: string, name: string): Promise<ListedSnapshot | undefined> {
    const wanted = `@${zfsSnapshotName(containerId, name)}`;
    const all = await this.#published(containerId);
    const own = all.find((snapshot) => snapshot.name.endsWith(wanted));
    return own ?? all.find(({ published }) => published?.points.includes(name) === true);
  }

  /** Its own only: a clone may hold snapshots of the machine that it came from. */
  async #published(containerId: string): Promise<ListedSnapshot[]> {
    const all = await this.#datasets.snapshots(...this.#places(containerId));
    return all.filter(({ published }) => published?.container === containerId);
  }

  /** Until a restore is settled, snapshots are with the volume that was replaced. */
  #places(containerId: string): string[] {
    return [this.#received(containerId), `${this.#volume(containerId)}.replaced`, this.#volume(containerId)];
  }

  async #needRoom(bytes: number): Promise<void> {
    if ((await this.freeBytes()) < bytes + reserveBytes) throw fullDisk();
  }

  #volume(containerId: string): string {
    return `${this.#options.parent}/volumes/${containerId}`;
  }

  #received(containerId: string): string {
    return `${this.#options.parent}/received/${containerId}`;
  }
}
