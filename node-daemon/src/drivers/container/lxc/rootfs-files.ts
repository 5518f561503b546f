import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../../../outcome.ts';

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const newFileFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export type RootfsFile = {
  /** Path inside the machine, absolute. */
  readonly path: string;
  readonly content: string;
  /** For example 0o644. */
  readonly mode: number;
  /** Whether missing directories are made on the way, mode 0700; false by default. */
  readonly makesDirectories?: boolean;
};

/**
 * Writes a file of a machine from outside, as root of the host, whole or not at all. Root inside may have put
 * links anywhere: no component of the path is followed when it is one. Gives false, with nothing written,
 * when a directory on the way is missing or is no directory.
 */
export function writeRootfsFile(rootfs: string, rootUid: number, file: RootfsFile): boolean {
  const components = file.path.split('/').filter((component) => component !== '');
  const name = components.pop();
  if (name === undefined || components.includes('..') || name === '..') return false;
  const opened: number[] = [];
  try {
    opened.push(openSync(rootfs, directoryFlags));
    // Each step starts at the open directory itself: renaming it meanwhile leads nowhere else.
    for (const component of components) {
      const next = path.join(`/proc/self/fd/${opened.at(-1)}`, component);
      if (file.makesDirectories === true && makeDirectory(next)) {
        opened.push(openSync(next, directoryFlags));
        fchownSync(opened.at(-1) ?? -1, rootUid, rootUid);
      } else {
        opened.push(openSync(next, directoryFlags));
      }
    }
    const directory = `/proc/self/fd/${opened.at(-1)}`;
    const partial = path.join(directory, `.${name}.daemon`);
    rmSync(partial, { force: true });
    const descriptor = openSync(partial, newFileFlags, 0o600);
    opened.push(descriptor);
    writeSync(descriptor, file.content);
    fchownSync(descriptor, rootUid, rootUid);
    fchmodSync(descriptor, file.mode);
    renameSync(partial, path.join(directory, name));
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'EEXIST', 'ERR_FS_EISDIR'].includes(code ?? ''))
      return false;
    throw error;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function makeDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
