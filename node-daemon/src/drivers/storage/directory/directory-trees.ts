import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { runCommand, streamFrom, streamInto } from '../run-command.ts';
import type { TreeUsage, VolumeTrees } from '../volume-trees.ts';

export type DirectoryTreesOptions = {
  /** The parts of a tree that count, each a name in it; absent: all of it. */
  readonly parts?: readonly string[];
  /** Empty directories that a tree needs beside its parts. */
  readonly scratch?: readonly string[];
  /** Wraps a command so that it may read and remove whatever a machine made in its tree. */
  readonly wrap?: (argv: readonly string[]) => readonly [command: string, rest: string[]];
};

/** Optional part that belongs to a tree whenever it is there: memory and processes, see the checkpoint drivers. */
const memoryPart = 'memory';

/** Trees as plain directories: a clone is a full copy, reflinked where the file system can. */
export class DirectoryTrees implements VolumeTrees {
  readonly name = 'directory';
  readonly clonesAreFree = false;
  readonly clonesAreDurable = false;
  readonly sendsDifferences = false;
  readonly #options: DirectoryTreesOptions;

  constructor(options: DirectoryTreesOptions = {}) {
    this.#options = options;
  }

  async make(target: string): Promise<void> {
    mkdirSync(target);
  }

  async clone(source: string, target: string): Promise<void> {
    const { parts, scratch = [] } = this.#options;
    mkdirSync(target, { recursive: true, mode: 0o755 });
    const named = parts?.map((part) => path.join(source, part));
    if (named !== undefined && existsSync(path.join(source, memoryPart)))
      named.push(path.join(source, memoryPart));
    await this.#run('cp', '-a', '--reflink=auto', '--', ...(named ?? [`${source}/.`]), `${target}/`);
    for (const name of scratch) mkdirSync(path.join(target, name), { recursive: true });
  }

  async amend(tree: string, change: (tree: string) => Promise<void>): Promise<void> {
    await change(tree);
  }

  /** Never crosses into another file system that may be mounted in a tree. */
  async remove(...targets: readonly string[]): Promise<void> {
    const existing = targets.filter((file) => existsSync(file));
    if (existing.length > 0) await this.#run('rm', '-rf', '--one-file-system', '--', ...existing);
  }

  async flush(tree: string): Promise<void> {
    await runCommand('sync', '--file-system', tree);
  }

  async usage(tree: string): Promise<TreeUsage> {
    const bytes = Number.parseInt(
      await this.#run('timeout', '5', 'du', '-sx', '--block-size=1', '--', tree),
      10,
    );
    return { referencedBytes: bytes, exclusiveBytes: bytes };
  }

  usageOnDisk(tree: string): Promise<TreeUsage> {
    return this.usage(tree);
  }

  async setQuota(): Promise<boolean> {
    return false;
  }

  /** A tar stream of all of it; a base saves nothing here. */
  async send(tree: string, _base: string | null, into: Writable): Promise<void> {
    const [command, rest] = this.#wrap('tar', '-C', tree, ...tarOptions, '--create', '--file=-', '.');
    await streamFrom(command, rest, into);
  }

  async receive(target: string, stream: Readable): Promise<void> {
    mkdirSync(target, { mode: 0o755 });
    const extract = ['--extract', '--preserve-permissions', '--file=-'];
    const [command, rest] = this.#wrap('tar', '-C', target, ...tarOptions, ...extract);
    await streamInto(command, rest, stream);
  }

  #run(...argv: readonly string[]): Promise<string> {
    const [command, rest] = this.#wrap(...argv);
    return runCommand(command, ...rest);
  }

  #wrap(...argv: readonly string[]): readonly [command: string, rest: string[]] {
    const [command = 'true', ...rest] = argv;
    return this.#options.wrap?.(argv) ?? [command, rest];
  }
}

const tarOptions = [
  '--one-file-system',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--acls',
  '--sparse',
];
