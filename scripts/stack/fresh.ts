import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endLeftovers } from './leftovers.ts';
import { stopMachines } from './stop-machines.ts';

/** What a stack makes in its folder. Nothing else is ever removed, whatever folder was named. */
const OWN_ENTRIES = [
  'database.sqlite',
  'database.sqlite-wal',
  'database.sqlite-shm',
  'objects',
  'host',
  'logs',
  'secrets.json',
  'bootstrap.json',
  'mail.jsonl',
  'daemon.pid',
  'stack.lock',
];

/** Mount points below a folder, deepest first. The kernel writes blanks as octal escapes. */
export function mountPointsBelow(folder: string, mountInfo: string): string[] {
  return mountInfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((point) => point.startsWith(`${folder}/`))
    .toSorted((left, right) => right.length - left.length);
}

/**
 * Removes all that a stack left in its folder, containers included.
 *
 * @throws DataDirectoryBusyError when a stack runs on it, Error when something stays mounted there
 */
export async function removeStackData(dataDir: string): Promise<void> {
  const folder = resolve(dataDir);
  await endLeftovers(folder);
  await stopMachines(join(folder, 'host'));
  const mounted = (): string[] => mountPointsBelow(folder, readFileSync('/proc/self/mountinfo', 'utf8'));
  for (const point of mounted()) execFileSync('umount', [point], { stdio: 'ignore' });
  const [left] = mounted();
  // Removing files below a mount would remove what is mounted.
  if (left !== undefined) throw new Error(`${left} is still mounted; unmount it first`);
  for (const entry of OWN_ENTRIES) rmSync(join(folder, entry), { recursive: true, force: true });
}
