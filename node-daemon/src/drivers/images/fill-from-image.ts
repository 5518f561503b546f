import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { machineRootUid } from '../container/lxc/layout.ts';
import { systemErrorCode } from '../../outcome.ts';
import { writeRootfsFile } from '../container/lxc/rootfs-files.ts';
import type { ImageStore } from './image-store.ts';

const run = promisify(execFile);

/**
 * Copies an image into an empty volume as `volume/root`, reflinked where the file system can. Rejects when
 * there is no such image or no room.
 */
export async function fillFromImage(store: ImageStore, volume: string, image: string): Promise<void> {
  const source = store.rootOf(image);
  if (source === undefined) throw new Error(`There is no image “${image}”.`);
  const root = path.join(volume, 'root');
  mkdirSync(root);
  await run('cp', ['-a', '--reflink=auto', '--', `${source}/.`, root]);
  completeVolume(volume);
}

/** What a volume needs that its image can't have: the way to the names of the network that the host uses. */
export function completeVolume(volume: string): void {
  const root = path.join(volume, 'root');
  writeRootfsFile(root, machineRootUid, {
    path: '/etc/resolv.conf',
    content: resolverText(readResolver()),
    mode: 0o644,
  });
}

/** A host without names has no such file; with systemd-resolved it is a link that leads nowhere until that runs. */
function readResolver(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** The host's resolver settings without servers that only the host itself reaches. */
export function resolverText(hostText: string): string {
  const lines = hostText
    .split('\n')
    .filter((line) => /^(?:nameserver|search|options)\s/.test(line))
    .filter((line) => !/^nameserver\s+(?:127\.|::1|0\.0\.0\.0)/.test(line));
  return `${lines.join('\n')}\n`;
}
