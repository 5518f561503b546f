import { SnapshotFacts } from '@control-plane/contract/link';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describeError, done, fail, succeed, type Outcome } from '../../outcome.ts';
import type { StorageDriver } from '../types.ts';

const run = promisify(execFile);
const usageTimeoutMs = 5_000;

export type DirectoryStorageOptions = {
  /** Directory that holds volumes and snapshots, all on one file system. */
  readonly directory: string;
  /** Puts an image's content into an empty volume that belongs to host uid `rootUid`. */
  readonly fill: (volume: string, image: string, rootUid: number) => void;
  /** The parts of a volume that a snapshot holds. */
  readonly parts: readonly string[];
  /** Empty directories that a volume needs beside its parts. */
  readonly scratch: readonly string[];
  /** Wraps a command so that it may read and remove whatever a machine made in its volume. */
  readonly wrap: (argv: readonly string[]) => readonly [command: string, rest: string[]];
};

/**
 * Volumes as plain directories, snapshots as full copies (reflinked where the file system can).
 *
 *   volumes/ID            the volume             snapshots/ID/NAME/   snapshot.json, volume/
 *   volumes/ID.partial    being made             snapshots/ID/NAME.partial   being copied
 *   volumes/ID.restore    staged, to be swapped in
 *   volumes/ID.replaced   swapped out, kept until the restore is settled
 */
export class DirectoryStorage implements StorageDriver {
  readonly name = 'directory';
  readonly capabilities = { snapshot: true, copy: false };
  readonly #options: DirectoryStorageOptions;
  readonly #volumes: string;
  readonly #snapshots: string;

  constructor(options: DirectoryStorageOptions) {
    this.#options = options;
    this.#volumes = path.join(options.directory, 'volumes');
    this.#snapshots = path.join(options.directory, 'snapshots');
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
    await this.#remove(partial);
    mkdirSync(partial);
    try {
      this.#options.fill(partial, request.image, request.rootUid);
    } catch (error) {
      await this.#remove(partial);
      return failFromSystem(error, 'The machine’s disk could not be made.');
    }
    await rename(partial, volume);
    return done;
  }

  async deleteVolume(containerId: string): Promise<Outcome<undefined>> {
    const volume = this.volumePath(containerId);
    const suffixes = ['', '.partial', '.restore', '.replaced'];
    const existing = suffixes.map((suffix) => `${volume}${suffix}`).filter((file) => existsSync(file));
    const snapshots = path.join(this.#snapshots, containerId);
    if (existsSync(snapshots)) existing.push(snapshots);
    return attempt('The machine’s disk could not be removed.', () => this.#remove(...existing));
  }

  async listVolumes(): Promise<string[]> {
    const names = readdirSync(this.#volumes).map((name) => name.split('.')[0] ?? name);
    return [...new Set([...names, ...readdirSync(this.#snapshots)])];
  }

  async usedBytes(containerId: string): Promise<number | null> {
    const volume = this.volumePath(containerId);
    const parts = this.#options.parts
      .map((part) => path.join(volume, part))
      .filter((part) => existsSync(part));
    if (parts.length === 0) return null;
    try {
      const [command, rest] = this.#options.wrap(['du', '-sxc', '--block-size=1', '--', ...parts]);
      const { stdout } = await run(command, rest, { timeout: usageTimeoutMs });
      const total = Number.parseInt(stdout.trimEnd().split('\n').at(-1) ?? '', 10);
      return Number.isFinite(total) ? total : null;
    } catch {
      return null;
    }
  }

  async snapshot(containerId: string, name: string): Promise<SnapshotFacts | undefined> {
    try {
      const text = readFileSync(path.join(this.#snapshotPath(containerId, name), 'snapshot.json'), 'utf8');
      return SnapshotFacts().safeParse(JSON.parse(text)).data;
    } catch {
      return undefined;
    }
  }

  async stageSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const partial = `${this.#snapshotPath(containerId, name)}.partial`;
    return attempt('The snapshot could not be copied.', async () => {
      await this.#remove(partial);
      mkdirSync(partial, { recursive: true, mode: 0o711 });
      await this.#copyVolume(this.volumePath(containerId), path.join(partial, 'volume'));
    });
  }

  async publishSnapshot(
    containerId: string,
    name: string,
    stateful: boolean,
  ): Promise<Outcome<SnapshotFacts>> {
    const published = await this.snapshot(containerId, name);
    if (published !== undefined) return succeed(published);
    const target = this.#snapshotPath(containerId, name);
    const partial = `${target}.partial`;
    try {
      const size = await this.#run('du', '-s', '--block-size=1', '--', partial);
      const facts = {
        name,
        stateful,
        size_bytes: Number.parseInt(size, 10),
        created_at: new Date().toISOString(),
      };
      writeFileSync(path.join(partial, 'snapshot.json'), JSON.stringify(facts));
      await this.#run('sync', '--file-system', partial);
      await rename(partial, target);
      await syncDirectory(path.dirname(target));
      return succeed(facts);
    } catch (error) {
      return failFromSystem(error, 'The snapshot could not be completed.');
    }
  }

  async deleteSnapshot(containerId: string, name: string): Promise<Outcome<undefined>> {
    const target = this.#snapshotPath(containerId, name);
    return attempt('The snapshot could not be removed.', async () => {
      // Out of sight in one step: a crash in the middle leaves no half snapshot.
      if (existsSync(target)) await rename(target, `${target}.deleted`);
      await this.#remove(`${target}.deleted`, `${target}.partial`);
    });
  }

  async stageRestore(containerId: string, name: string): Promise<Outcome<undefined>> {
    const volume = this.volumePath(containerId);
    return attempt('The snapshot could not be copied back.', async () => {
      await this.#remove(`${volume}.restore`);
      if (existsSync(volume)) await this.#remove(`${volume}.replaced`);
      await this.#copyVolume(path.join(this.#snapshotPath(containerId, name), 'volume'), `${volume}.restore`);
      await this.#run('sync', '--file-system', `${volume}.restore`);
    });
  }

  async discardStagedRestore(containerId: string): Promise<Outcome<undefined>> {
    return attempt('The staged copy could not be removed.', () =>
      this.#remove(`${this.volumePath(containerId)}.restore`),
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
        await this.#remove(`${volume}.restore`);
        await rename(volume, `${volume}.restore`);
      }
      await rename(`${volume}.replaced`, volume);
      await syncDirectory(this.#volumes);
    });
  }

  async discardReplaced(containerId: string): Promise<Outcome<undefined>> {
    return attempt('The replaced disk could not be removed.', () =>
      this.#remove(`${this.volumePath(containerId)}.replaced`),
    );
  }

  async #copyVolume(source: string, target: string): Promise<void> {
    mkdirSync(target, { recursive: true, mode: 0o755 });
    const parts = this.#options.parts.map((part) => path.join(source, part));
    await this.#run('cp', '-a', '--reflink=auto', '--', ...parts, `${target}/`);
    for (const name of this.#options.scratch) mkdirSync(path.join(target, name), { recursive: true });
  }

  /** Removes trees, never crossing into another file system that may be mounted in one. */
  async #remove(...files: readonly string[]): Promise<void> {
    const existing = files.filter((file) => existsSync(file));
    if (existing.length > 0) await this.#run('rm', '-rf', '--one-file-system', '--', ...existing);
  }

  async #run(...argv: readonly string[]): Promise<string> {
    const { stdout } = await run(...this.#options.wrap(argv));
    return stdout;
  }

  /** Names come from the control plane; one that is no plain file name is stored under its hash. */
  #snapshotPath(containerId: string, name: string): string {
    const plain = /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name) && name.length <= 100;
    const key = plain ? name : `=${createHash('sha256').update(name).digest('hex')}`;
    return path.join(this.#snapshots, containerId, key);
  }
}

async function attempt(message: string, action: () => Promise<void>): Promise<Outcome<undefined>> {
  try {
    await action();
    return done;
  } catch (error) {
    return failFromSystem(error, message);
  }
}

function failFromSystem(error: unknown, message: string): Outcome<never> {
  const full = /ENOSPC|No space left|EDQUOT|Disk quota/.test(describeError(error));
  return full ? fail('CAPACITY_EXCEEDED', 'The host’s disk is full.') : fail('DRIVER_FAILED', message);
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
