import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Debian package that better driver sets need, and a command by which its presence is seen. */
export interface HostPackage {
  readonly name: string;
  readonly command: string;
  readonly gain: string;
}

const HOST_PACKAGES: readonly HostPackage[] = [
  { name: 'lxc', command: 'lxc-start', gain: 'LXC containers' },
  { name: 'btrfs-progs', command: 'mkfs.btrfs', gain: 'copy-on-write storage on a loop file' },
  { name: 'debootstrap', command: 'debootstrap', gain: 'images built from a Debian mirror' },
  { name: 'nftables', command: 'nft', gain: 'networks and firewalls of containers' },
  { name: 'iproute2', command: 'ip', gain: 'networks of containers' },
  { name: 'uidmap', command: 'newuidmap', gain: 'unprivileged user mappings' },
  { name: 'busybox-static', command: 'busybox', gain: 'a minimal image' },
  { name: 'patchelf', command: 'patchelf', gain: 'a private copy of CRIU' },
];

function isOnPath(command: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What `npm run host:setup` would add to this machine. */
export function missingHostPackages(path = process.env['PATH'] ?? ''): HostPackage[] {
  const folders = [...path.split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return HOST_PACKAGES.filter(({ command }) => !isOnPath(command, folders));
}
