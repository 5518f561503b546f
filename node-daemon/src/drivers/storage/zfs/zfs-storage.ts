import type { SnapshotFacts } from '@control-plane/contract/link';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fail, succeed, type Outcome } from '../../../outcome.ts';
import type { CloneRequest, ReceiveRequest, SendRequest, StorageDriver, StorageUsage } from '../../types.ts';
import type { FillVolume } from '../path-storage.ts';
import { attempt, fullDisk } from '../storage-failure.ts';
import { ZfsDatasets } from './zfs-datasets.ts';
import { factsProperty, formatFacts, parseNumbers, type ListedSnapshot } from './zfs-output.ts';
import { systemZfs, type ZfsProgram } from './zfs-program.ts';

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
 *   volumes/ID#copy-COPY   the bookmark from which the next stream to that copy starts: see `ZfsReplication`
 *   received/ID   what another host sent
 *
 * Arguments and parsing are tested against outputs; that OpenZFS does what they ask for is proven by running
 * the shared suite on a host that has it: docs/storage.md lists what is open.
 */
export class ZfsStorage implements StorageDriver {
  readonly name = 'zfs';
  readonly capabilities = { snapshot: true, copy: false };
  readonly #options: ZfsStorageOptions;
  readonly #zfs: ZfsProgram;
  readonly #datasets: ZfsDatasets;

  constructor(options: ZfsStorageOptions) {
    this.#options = options;
    this.#zfs = options.zfs ?? systemZfs;
    this.#datasets = new ZfsDatasets(this.#zfs);
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
      const image = await this.#image(request.image, request.rootUid);
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
      const datasets = [`${volume}.restore`, volume, `${volume}.replaced`, this.#received(containerId)];
      for (const dataset of datasets) await this.#datasets.remove(dataset);
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
      const text = await this.#zfs.run(
        'list',
        '-Hp',
        '-o',
        'referenced,usedbydataset',
        this.#volume(containerId),
      );
      const [referencedBytes = 0, exclusiveBytes = 0] = parseNumbers(text);
      usage = { referencedBytes, exclusiveBytes };
    });
    return counted.ok ? succeed(usage) : counted;
  }

  async freeBytes(): Promise<number> {
    return (
      parseNumbers(await this.#zfs.run('get', '-Hp', '-o', 'value', 'available', this.#options.parent))[0] ??
      0
    );
  }

  async setQuota(containerId: string, bytes: number | null): Promise<Outcome<{ enforced: boolean }>> {
    const set = await attempt('The machine’s disk could not be bounded.', async () => {
      await this.#zfs.run('set', `refquota=${bytes ?? 'none'}`, this.#volume(containerId));
    });
    return set.ok ? succeed({ enforced: true }) : set;
  }

  snapshotPath(containerId: string, name: string): string {
    return path.join(this.volumePath(containerId), '.zfs', 'snapshot', this.#snapshotName(containerId, name));
  }

  async snapshot(containerId: string, name: string): Promise<SnapshotFacts | undefined> {
    return (await this.#find(containerId, name))?.published?.facts;
  }

  async listSnapshots(containerId: string): Promise<SnapshotFacts[]> {
    return (await this.#published(containerId)).flatMap(({ published }) => published?.facts ?? []);
  }

  async stageSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const snapshot = `${this.#volume(containerId)}@${this.#snapshotName(containerId, name)}`;
    return attempt('The snapshot could not be made.', async () => {
      const known = await this.#datasets.snapshots(this.#volume(containerId));
      if (known.some((each) => each.name === snapshot)) await this.#zfs.run('destroy', snapshot);
      await this.#needRoom(0);
      await this.#zfs.run('snapshot', snapshot);
    });
  }

  publishSnapshot(containerId: string, name: string, stateful: boolean): Promise<Outcome<SnapshotFacts>> {
    return this.#publish(this.#volume(containerId), containerId, name, stateful);
  }

  async deleteSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const wanted = this.#snapshotName(containerId, name);
    return attempt('The snapshot could not be removed.', async () => {
      const all = await Promise.all(
        this.#places(containerId).map((dataset) => this.#datasets.snapshots(dataset)),
      );
      for (const { name: full, clones } of all.flat().filter((each) => each.name.endsWith(`@${wanted}`))) {
        if (clones.length === 0) {
          await this.#zfs.run('destroy', full);
          continue;
        }
        // Out of sight at once; the last clone takes it along.
        const guid = (await this.#zfs.run('get', '-Hp', '-o', 'value', 'guid', full)).trim();
        await this.#zfs.run('inherit', factsProperty, full);
        await this.#zfs.run('rename', full, `${full}-gone-${guid}`);
        await this.#zfs.run('destroy', '-d', `${full}-gone-${guid}`);
      }
    });
  }

  async send({ containerId, snapshot, base, into }: SendRequest): Promise<Outcome<undefined>> {
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
    const { containerId, snapshot, stateful, stream, sizeBytesMin } = request;
    const existing = await this.snapshot(containerId, snapshot);
    if (existing !== undefined) {
      stream.resume();
      return succeed(existing);
    }
    const dataset = this.#received(containerId);
    const received = await attempt('The snapshot could not be received.', async () => {
      await this.#needRoom(sizeBytesMin);
      const target = `${dataset}@${this.#snapshotName(containerId, snapshot)}`;
      await this.#zfs.receive(['receive', '-s', '-u', target], stream);
    });
    return received.ok ? this.#publish(dataset, containerId, snapshot, stateful) : received;
  }

  async stageRestore(containerId: string, name: string): Promise<Outcome<undefined>> {
    const settled = await this.discardReplaced(containerId);
    if (!settled.ok) return settled;
    const found = await this.#find(containerId, name);
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
      if (!(await this.#datasets.exists(`${volume}.restore`))) return;
      if (await this.#datasets.exists(volume)) await this.#zfs.run('rename', volume, `${volume}.replaced`);
      await this.#zfs.run('rename', `${volume}.restore`, volume);
    });
  }

  async unswapRestore(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.#volume(containerId);
    return attempt('The machine’s disk could not be put back.', async () => {
      if (!(await this.#datasets.exists(`${volume}.replaced`))) return;
      if (await this.#datasets.exists(volume)) await this.#zfs.run('rename', volume, `${volume}.restore`);
      await this.#zfs.run('rename', `${volume}.replaced`, volume);
    });
  }

  /** The new volume takes over the snapshot it came from and all older ones; newer ones go with the old volume. */
  async discardReplaced(containerId: string): Promise<Outcome<{ goneSnapshots: readonly string[] }>> {
    const volume = this.#volume(containerId);
    const replaced = `${volume}.replaced`;
    let goneSnapshots: string[] = [];
    const discarded = await attempt('The replaced disk could not be removed.', async () => {
      if (!(await this.#datasets.exists(volume)) || !(await this.#datasets.exists(replaced))) return;
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

  async #image(name: string, rootUid: number): Promise<string> {
    const { parent, mountPoint, fill, imageVersion } = this.#options;
    const identity = `${name}\n${imageVersion?.(name) ?? ''}\n${rootUid}`;
    const key = createHash('sha256').update(identity).digest('hex').slice(0, 32);
    const image = `${parent}/images/${key}`;
    if (await this.#datasets.exists(image)) return image;
    await this.#datasets.remove(`${image}.partial`);
    await this.#zfs.run('create', `${image}.partial`);
    await fill(path.join(mountPoint, 'images', `${key}.partial`), name, rootUid);
    await this.#zfs.run('snapshot', `${image}.partial@base`);
    await this.#zfs.run('rename', `${image}.partial`, image);
    return image;
  }

  async #publish(
    dataset: string,
    containerId: string,
    name: string,
    stateful: boolean,
  ): Promise<Outcome<SnapshotFacts>> {
    const snapshot = `${dataset}@${this.#snapshotName(containerId, name)}`;
    const published = await this.snapshot(containerId, name);
    if (published !== undefined) return succeed(published);
    let facts: SnapshotFacts = { name, stateful, size_bytes: 0, created_at: new Date().toISOString() };
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
    const bookmark = `${this.#volume(containerId)}#${base}`;
    const known = await this.#zfs.run(
      'list',
      '-H',
      '-t',
      'bookmark',
      '-r',
      '-d',
      '1',
      '-o',
      'name',
      this.#volume(containerId),
    );
    return known.split('\n').includes(bookmark) ? bookmark : undefined;
  }

  async #find(containerId: string, name: string): Promise<ListedSnapshot | undefined> {
    const wanted = `@${this.#snapshotName(containerId, name)}`;
    return (await this.#published(containerId)).find((snapshot) => snapshot.name.endsWith(wanted));
  }

  /** Its own only: a clone may hold snapshots of the machine that it came from. */
  async #published(containerId: string): Promise<ListedSnapshot[]> {
    const all = await Promise.all(
      this.#places(containerId).map((dataset) => this.#datasets.snapshots(dataset)),
    );
    return all.flat().filter(({ published }) => published?.container === containerId);
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

  /** Names come from the control plane; one that ZFS would not take is stored under its hash. */
  #snapshotName(containerId: string, name: string): string {
    const plain = /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name) && name.length <= 100;
    return `${containerId}-${plain ? name : `.${createHash('sha256').update(name).digest('hex')}`}`;
  }
}
