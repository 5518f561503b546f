import { spawn } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { lxcSearchPath, machineIdCount, machineRootUid } from '../container/lxc/layout.ts';

const keepsAttributes = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls'];
/** What a machine gets anew at each start, and what it may not make: device nodes. */
const leftOut = ['./dev/*', './proc/*', './sys/*', './run/*'];

/**
 * Unpacks a tar stream into `root` as the machines' own root, in a user namespace like theirs: owners are
 * right for every machine, file capabilities hold there and nowhere else, and nothing in the archive can
 * reach a file of the host. `compressed` files are recognised by tar. Rejects with tar's words.
 */
export async function unpackMapped(archive: string, root: string): Promise<void> {
  prepareRoot(root);
  const unpack = ['-C', root, '-xf', archive, ...keepsAttributes, ...leftOut.map((name) => `--exclude=${name}`)];
  await end(spawn('/usr/bin/lxc-usernsexec', mappedTar(unpack), options));
}

/** Copies a tree that was built by the host's root, in the same way. */
export async function copyMapped(source: string, root: string): Promise<void> {
  prepareRoot(root);
  const pack = ['-C', source, '-cf', '-', ...keepsAttributes, ...leftOut.map((name) => `--exclude=${name}`), '.'];
  const packing = spawn('/bin/tar', pack, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const unpacking = spawn('/usr/bin/lxc-usernsexec', mappedTar(['-C', root, '-xf', '-', ...keepsAttributes]), {
    ...options,
    stdio: [packing.stdout, 'ignore', 'pipe'],
  });
  await Promise.all([end(packing), end(unpacking)]);
}

const options = { cwd: '/', env: { PATH: lxcSearchPath, LC_ALL: 'C' } } as const;

function mappedTar(tarArguments: readonly string[]): string[] {
  return ['-m', `b:0:${machineRootUid}:${machineIdCount}`, '--', '/bin/tar', ...tarArguments];
}

function prepareRoot(root: string): void {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  chownSync(root, machineRootUid, machineRootUid);
}

function end(child: ReturnType<typeof spawn>): Promise<void> {
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The archive could not be unpacked: ${words.trim().split('\n').at(-1) ?? ''}`));
    });
  });
}
