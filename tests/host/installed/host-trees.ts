import type { ImageStore } from '@control-plane/node-daemon/image-store';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { machineRootUid } from '../../../node-daemon/src/drivers/container/lxc/layout.ts';
import { REPOSITORY_ROOT } from '../../../scripts/stack/repository-root.ts';

/** Debian releases on which the installer is tried. */
export const hostReleases = ['12', '13'] as const;

const keptMs = 3 * 24 * 3600 * 1000;
/** Where the lab finds the trees: the variable names their directory. */
const variable = 'INSTALLED_HOST_TREES';

/**
 * Makes, where it is not there yet, a tree of each Debian in `directory`, out of the image that machines have of
 * it; it takes the mirror that is in the image. Gives what the environment of the lab needs. Throws with apt's last words.
 */
export function prepareHostTrees(images: ImageStore, directory: string): Record<string, string> {
  const script = path.join(import.meta.dirname, 'host-tree.sh');
  const installer = path.join(REPOSITORY_ROOT, 'node-daemon/packaging/install.sh');
  const packages = packagesOf(readFileSync(installer, 'utf8'));
  const key = createHash('sha256').update(readFileSync(script)).update(packages.join(' ')).digest('hex');
  const trees = path.join(directory, key.slice(0, 12));
  mkdirSync(trees, { recursive: true, mode: 0o700 });
  for (const release of hostReleases) {
    const tree = path.join(trees, release);
    if (existsSync(tree)) continue;
    const root = images.rootOf(`debian/${release}`);
    if (root === undefined) throw new Error(`There is no image of Debian ${release}.`);
    process.stdout.write(`Building a host of Debian ${release} …\n`);
    const making = mkdtempSync(path.join(trees, '.making-'));
    try {
      const words = ['--mount', '--propagation', 'private', script, root, String(machineRootUid), making];
      const made = spawnSync('unshare', [...words, ...packages], { encoding: 'utf8' });
      if (made.status !== 0) throw new Error(`host-tree.sh failed: ${made.stderr.slice(-1000)}`);
      renameSync(making, tree);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  // Of other recipes only what was used in the last days is kept: a branch may be gone back to.
  utimesSync(trees, new Date(), new Date());
  for (const other of readdirSync(directory).map((name) => path.join(directory, name))) {
    if (Date.now() - statSync(other).mtimeMs > keptMs) rmSync(other, { recursive: true, force: true });
  }
  return { [variable]: trees };
}

/** The tree of a release that {@link prepareHostTrees} made. It is for reading: hosts boot copies of it. */
export function hostTree(release: string): string {
  const trees = process.env[variable];
  if (trees === undefined) throw new Error('Run it by “npm run test:host”, which makes the trees of hosts.');
  return path.join(trees, release);
}

/** What the install script asks apt for. */
function packagesOf(script: string): string[] {
  const list = /^packages=\(([^)]+)\)/m.exec(script)?.[1];
  if (list === undefined) throw new Error('install.sh has no list of packages.');
  return list.split(/\s+/).filter((name) => name !== '');
}
