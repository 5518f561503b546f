import { existsSync, lstatSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { done, fail, type Outcome } from '../../../outcome.ts';
import { mapFields, mapImage, readFields } from './image-messages.ts';

/** Of statfs(2). */
const btrfsMagic = 0x9123_683e;
/** FILEID_BTRFS_WITHOUT_PARENT: file, subvolume and generation. */
const btrfsHandle = 0x4dn;
/** Field numbers in CRIU's fdinfo.proto, fsnotify.proto and fh.proto. */
const inotifyOfFile = 13;
const watchOfInotify = 5;
const handleOfWatch = 7;
const [typeOfHandle, wordOfHandle, pathOfHandle] = [2, 3, 4];
const timeoutMs = 30_000;

/**
 * Makes watches of symbolic links fit the volume that a machine is restored on. CRIU holds what is watched by its
 * path, but a link (systemd's watch of /etc/localtime) by the kernel's handle. On btrfs that names the subvolume
 * as well: the watch would come back on the disk that was replaced, or on another machine's. `from` is the
 * memory directory in the volume. Fails where the volume's files are numbered otherwise, on another host.
 * Repeatable.
 */
export async function bindWatchedLinks(volume: string, from: string): Promise<Outcome<undefined>> {
  const file = path.join(from, 'files.img');
  if (!existsSync(file) || statfsSync(volume).type !== btrfsMagic) return done;
  try {
    const image = readFileSync(file);
    const subvolume = BigInt((await inspect('rootid', volume)).trim());
    const { bound, links } = bindHandles(image, subvolume);
    for (const link of links) if (!(await isLink(volume, link))) return numberedOtherwise;
    if (bound.equals(image)) return done;
    writeFileSync(`${file}.bound`, bound, { mode: 0o600 });
    renameSync(`${file}.bound`, file);
    return done;
  } catch {
    return fail('DRIVER_FAILED', 'The snapshot’s memory could not be fitted to the machine’s disk.');
  }
}

const numberedOtherwise = fail(
  'CAPABILITY_MISSING',
  'A process watches a symbolic link: only the host that it ran on can bring that back.',
);

/** Whether the file of this number is a link. */
async function isLink(volume: string, inode: bigint): Promise<boolean> {
  const paths = await inspect('inode-resolve', String(inode), volume).catch(() => '');
  const [found = ''] = paths.split('\n');
  return found !== '' && lstatSync(found).isSymbolicLink();
}

function inspect(...words: readonly string[]): Promise<string> {
  return runBriefly({ command: 'btrfs', argv: ['inspect-internal', ...words], timeoutMs });
}

/**
 * `image` (CRIU's files.img) with `subvolume` in each btrfs handle by which a watch is held without a path, and
 * the numbers of the files that these name.
 */
export function bindHandles(image: Buffer, subvolume: bigint): { bound: Buffer; links: bigint[] } {
  const links: bigint[] = [];
  const bind = (handle: Buffer): Buffer => {
    const fields = readFields(handle);
    const isBtrfs = fields.some(({ number, value }) => number === typeOfHandle && value === btrfsHandle);
    if (!isBtrfs || fields.some(({ number }) => number === pathOfHandle)) return handle;
    let word = 0;
    return mapFields(handle, ({ number, value }) => {
      if (number !== wordOfHandle) return undefined;
      word += 1;
      if (word === 1 && typeof value === 'bigint') links.push(value);
      return word === 2 ? subvolume : undefined;
    });
  };
  const bound = mapImage(image, (file) =>
    mapInside(file, inotifyOfFile, (inotify) =>
      mapInside(inotify, watchOfInotify, (watch) => mapInside(watch, handleOfWatch, bind)),
    ),
  );
  return { bound, links };
}

function mapInside(message: Buffer, number: number, change: (inner: Buffer) => Buffer): Buffer {
  return mapFields(message, (field) =>
    field.number === number && typeof field.value !== 'bigint' ? change(field.value) : undefined,
  );
}
