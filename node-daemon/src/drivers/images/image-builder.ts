import type { HostImage } from '@control-plane/contract/link';
import { chmodSync, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildBusybox } from './build-busybox.ts';
import { buildDebian, debianSuites } from './build-debian.ts';
import type { ImageStore } from './image-store.ts';
import { copyMapped, unpackMapped } from './map-owners.ts';
import { prepareCheckpointable } from './prepare-checkpointable.ts';

/** Images that can be built on this host by name. */
export const buildableImages: readonly string[] = [
  'busybox',
  ...Object.keys(debianSuites).map((release) => `debian/${release}`),
];

/** Builds one of {@link buildableImages}. Rejects with what went wrong; the store is unchanged then. */
export async function buildImage(
  store: ImageStore,
  name: string,
  onLine: (line: string) => void = () => undefined,
): Promise<HostImage> {
  if (!buildableImages.includes(name)) {
    throw new Error(`There is no recipe for “${name}”. There are: ${buildableImages.join(', ')}.`);
  }
  const release = name.split('/')[1];
  const description = release === undefined ? 'Busybox, tiny' : `Debian ${release}, minimal, with systemd`;
  return store.add(name, description, async (root) => {
    const tree = mkdtempSync(path.join(path.dirname(root), 'tree-'));
    try {
      chmodSync(tree, 0o755);
      if (release === undefined) buildBusybox(tree);
      else await buildDebian(release, tree, onLine);
      if (release !== undefined) prepareCheckpointable(tree);
      await copyMapped(tree, root);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
}

/**
 * Makes an image of a tarball of a root file system, compressed or not. It must have an init. Its content
 * is not trusted: it is unpacked as a machine's root. Rejects with what went wrong; the store is unchanged.
 */
export async function importImage(store: ImageStore, name: string, archive: string): Promise<HostImage> {
  if (!existsSync(archive)) throw new Error(`There is no file ${archive}.`);
  return store.add(name, `Imported from ${path.basename(archive)}`.slice(0, 500), async (root) => {
    await unpackMapped(path.resolve(archive), root);
    if (!hasInit(root))
      throw new Error('The archive has no /sbin/init: it is no root file system of a machine.');
  });
}

/** Whether there is anything at /sbin/init; links inside are not followed out of the tree. */
function hasInit(root: string): boolean {
  const places = ['sbin/init', 'usr/sbin/init', 'bin/init', 'usr/bin/init'];
  return places.some((name) => {
    const file = path.join(root, name);
    try {
      return readlinkSync(file) !== '';
    } catch {
      return existsSync(file);
    }
  });
}
