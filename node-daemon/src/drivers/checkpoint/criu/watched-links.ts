import { lstatSync } from 'node:fs';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { fail, succeed, type Outcome } from '../../../outcome.ts';
import { mapFields, mapImage, mapInside, readFields } from './image-messages.ts';

/** FILEID_BTRFS_WITHOUT_PARENT: file, subvolume and generation. */
const btrfsHandle = 0x4dn;
/** Field numbers in CRIU's fdinfo.proto, fsnotify.proto and fh.proto. */
const inotifyOfFile = 13;
const watchOfInotify = 5;
const handleOfWatch = 7;
const [typeOfHandle, wordOfHandle, pathOfHandle] = [2, 3, 4];
const timeoutMs = 30_000;

/**
 * `image` (CRIU's files.img) with watches of symbolic links that fit the btrfs volume that a machine is restored
 * on. CRIU holds what is watched by its path, but a link (systemd's watch of /etc/localtime) by the kernel's
 * handle. On btrfs that names the subvolume as well: the watch would come back on the disk that was replaced, or on
 * another machine's. Fails where the volume's files are numbered otherwise, on another host.
 */
export async function bindWatchedLinks(volume: string, image: Buffer): Promise<Outcome<Buffer>> {
  const subvolume = BigInt((await inspect('rootid', volume)).trim());
  const { bound, links } = bindHandles(image, subvolume);
  for (const link of links) if (!(await isLink(volume, link))) return numberedOtherwise;
  return succeed(bound);
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
