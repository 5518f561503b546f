import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../../outcome.ts';

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const writeFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Nothing that is read here is longer. */
const fileBytesMax = 64 * 1024;

/**
 * One directory of a machine, seen from outside. Root inside may have put links anywhere: no component on the
 * way is followed when it is one, and neither is a file.
 */
export class RootfsDirectory {
  readonly #at: string;
  readonly #owner: number | null;

  constructor(at: string, owner: number | null) {
    this.#at = at;
    this.#owner = owner;
  }

  names(): string[] {
    return readdirSync(this.#at);
  }

  /** The content of a regular file; undefined: there is none of that name, or it is something else. */
  read(name: string): string | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path.join(this.#at, name), readFlags);
      const stats = fstatSync(descriptor);
      return stats.isFile() && stats.size <= fileBytesMax ? readFileSync(descriptor, 'utf8') : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** Puts a regular file in the place of whatever has the name, whole or not at all. */
  write(name: string, content: string, mode: number): void {
    const partial = path.join(this.#at, `.${name}.daemon`);
    rmSync(partial, { force: true });
    const descriptor = openSync(partial, writeFlags, 0o600);
    try {
      writeSync(descriptor, content);
      if (this.#owner !== null) fchownSync(descriptor, this.#owner, this.#owner);
      fchmodSync(descriptor, mode);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, path.join(this.#at, name));
  }

  remove(name: string): void {
    rmSync(path.join(this.#at, name), { force: true, recursive: true });
  }
}

/**
 * Lets `action` work in a directory below `root`; undefined when there is no such directory. What is written
 * belongs to host uid `owner`, or with null to the daemon's own user.
 */
export function inRootfsDirectory<T>(
  root: string,
  directory: string,
  owner: number | null,
  action: (directory: RootfsDirectory) => T,
): T | undefined {
  const opened: number[] = [];
  try {
    opened.push(openSync(root, directoryFlags));
    for (const component of directory.split('/').filter((each) => each !== ''))
      opened.push(openSync(path.join(`/proc/self/fd/${opened.at(-1)}`, component), directoryFlags));
  } catch (error) {
    for (const descriptor of opened) closeSync(descriptor);
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return action(new RootfsDirectory(`/proc/self/fd/${opened.at(-1)}`, owner));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(systemErrorCode(error) ?? '');
}
