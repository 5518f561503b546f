import type { HostImage } from '@control-plane/contract/link';
import type { ImageStore } from '@control-plane/node-daemon/image-store';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { buildBusybox } from '../../../node-daemon/src/drivers/images/build-busybox.ts';
import { buildDebian } from '../../../node-daemon/src/drivers/images/build-debian.ts';
import { copyMapped } from '../../../node-daemon/src/drivers/images/map-owners.ts';

/** What the programs of the workloads are written in, and those that are workloads themselves. */
const packages = ['python3', 'tmux', 'sqlite3', 'strace', 'procps'];

export const workloadImage = 'workloads';

/**
 * Debian with the programs of the workloads and this Node, and busybox as init: it boots in milliseconds and
 * runs nothing of its own beside the workload. Takes about two minutes, and is kept.
 */
export function buildWorkloadImage(store: ImageStore): Promise<HostImage> {
  return store.add(workloadImage, 'Debian 13 with what the checkpoint tests run', async (root) => {
    const tree = mkdtempSync(path.join(path.dirname(root), 'tree-'));
    try {
      chmodSync(tree, 0o755);
      await buildDebian('13', tree, () => undefined, packages);
      copyFileSync(process.execPath, path.join(tree, 'usr/local/bin/node'));
      chmodSync(path.join(tree, 'usr/local/bin/node'), 0o755);
      const small = mkdtempSync(path.join(path.dirname(root), 'small-'));
      buildBusybox(small);
      for (const name of ['bin/busybox', 'etc/inittab', 'etc/rc', 'etc/shutdown']) {
        copyFileSync(path.join(small, name), path.join(tree, name));
        chmodSync(path.join(tree, name), 0o755);
      }
      rmSync(small, { recursive: true });
      rmSync(path.join(tree, 'usr/sbin/init'), { force: true });
      symlinkSync('/bin/busybox', path.join(tree, 'usr/sbin/init'));
      rmSync(path.join(tree, 'usr/sbin/poweroff'), { force: true });
      symlinkSync('/bin/busybox', path.join(tree, 'usr/sbin/poweroff'));
      await copyMapped(tree, root);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
}
