import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { lxcSearchPath, machineIdCount, machineRootUid } from '../container/lxc/layout.ts';

const keepsAttributes = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls'];
/** What a machine gets anew at each start, and what it may not make: device nodes. */
const leftOut = ['./dev/*', './proc/*', './sys/*', './run/*', 'dev/*', 'proc/*', 'sys/*', 'run/*'];
const exclusions = leftOut.map((name) => `--exclude=${name}`);
const environment = { PATH: lxcSearchPath, LC_ALL: 'C' };

/** First bytes of compressed files, in hex, with tar's option for each. */
const compressions: readonly (readonly [string, string])[] = [
  ['1f8b', '--gzip'],
  ['fd377a58', '--xz'],
  ['28b52ffd', '--zstd'],
  ['425a68', '--bzip2'],
];

/**
 * Unpacks a tarball, compressed or not, into the empty directory `root` as the machines' own root, in a user
 * namespace like theirs: owners are right for every machine, file capabilities hold there and nowhere else,
 * and nothing in the archive can reach a file of the host. Rejects with tar's last words.
 */
export async function unpackMapped(archive: string, root: string): Promise<void> {
  const descriptor = openSync(archive, 'r');
  try {
    const head = Buffer.alloc(8);
    readSync(descriptor, head, 0, head.length, 0);
    const compression = compressions.find(([magic]) => head.toString('hex').startsWith(magic))?.[1];
    await end(unpack(root, descriptor, compression === undefined ? [] : [compression]));
  } finally {
    closeSync(descriptor);
  }
}

/** Copies a tree that was built by the host's root into the empty directory `root`, in the same way. */
export async function copyMapped(source: string, root: string): Promise<void> {
  const packing = spawn('/bin/tar', ['-cf', '-', ...keepsAttributes, ...exclusions, '.'], {
    cwd: source,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const unpacking = unpack(root, packing.stdout, []);
  // Only the two programs hold the pipe: when one ends, the other notices.
  packing.stdout.destroy();
  await Promise.all([end(unpacking), end(packing)]);
}

function unpack(root: string, input: number | Readable, tarOptions: readonly string[]): ChildProcess {
  chownSync(root, machineRootUid, machineRootUid);
  const mapping = ['-m', `b:0:${machineRootUid}:${machineIdCount}`, '--'];
  // It starts in its directory, to which it may have no way as the machines' root.
  const tar = ['/usr/bin/env', 'PATH=/usr/bin:/bin', 'tar', '-xf', '-', ...keepsAttributes, ...exclusions];
  return spawn('/usr/bin/lxc-usernsexec', [...mapping, ...tar, ...tarOptions], {
    cwd: root,
    env: environment,
    stdio: [input, 'ignore', 'pipe'],
  });
}

function end(child: ChildProcess): Promise<void> {
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve();
      const [first = ''] = words.trim().split('\n');
      reject(new Error(`The archive could not be unpacked: ${first}`));
    });
  });
}
