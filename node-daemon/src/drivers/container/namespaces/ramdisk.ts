import { mkdirSync, readFileSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { done, fail, type Outcome } from '../../../outcome.ts';

const timeoutMs = 30_000;
const defaultBytes = 256 * 1024 * 1024;

/** Size of a machine's memory disk: half of its memory, never more than a quarter of the host's. */
export function ramdiskBytes(memoryBytes: number | null): number {
  return Math.floor(Math.min(memoryBytes === null ? defaultBytes : memoryBytes / 2, os.totalmem() / 4));
}

/**
 * Mounts a memory disk on the host, so that it outlives restarts of the machine. It is gone after a reboot
 * of the host. Mounting what is mounted already is a success.
 */
export async function mountRamdisk(
  directory: string,
  bytes: number,
  rootUid: number,
): Promise<Outcome<undefined>> {
  if (isMounted(directory)) return done;
  mkdirSync(directory, { recursive: true });
  const options = `size=${bytes},mode=755,uid=${rootUid},gid=${rootUid},nosuid,nodev`;
  try {
    await runBriefly({
      command: 'mount',
      argv: ['-t', 'tmpfs', '-o', options, 'tmpfs', directory],
      timeoutMs,
    });
    return done;
  } catch {
    return fail('DRIVER_FAILED', 'The memory disk could not be mounted.');
  }
}

/** Unmounts and removes a memory disk; its content is lost. */
export async function removeRamdisk(directory: string): Promise<Outcome<undefined>> {
  try {
    while (isMounted(directory)) await runBriefly({ command: 'umount', argv: [directory], timeoutMs });
    rmdirSync(directory);
  } catch {
    if (isMounted(directory)) return fail('DRIVER_FAILED', 'The memory disk could not be unmounted.');
  }
  return done;
}

/** Names of all memory disks below `ramdisks`. */
export function listRamdisks(ramdisks: string): string[] {
  try {
    return readdirSync(ramdisks);
  } catch {
    return [];
  }
}

/** Bytes in use on a memory disk; null when there is none. */
export function ramdiskUsage(directory: string): number | null {
  if (!isMounted(directory)) return null;
  const stat = statfsSync(directory);
  return (stat.blocks - stat.bfree) * stat.bsize;
}

function isMounted(directory: string): boolean {
  const escaped = directory.replace(
    /[ \t\n\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === escaped);
}
