import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** In the names of the data sets of the ZFS lab's storage suite. */
export const storageSuiteMark = '/suite-';

/**
 * Everything on this host that machines of one data directory leave while they exist; equal before and after
 * means no leak: mounts, interfaces and their neighbours, control groups, locks, files and data sets, processes.
 */
export function hostTraces(dataDir: string): Record<string, string[]> {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  const mounts = readText('/proc/self/mountinfo').split('\n');
  const interfaces = readText('/proc/self/net/dev').split('\n').slice(2);
  return {
    mounts: mounts
      .map((line) => line.split(' ').slice(3, 5).join(' '))
      // Of what runs beside it, on pools of its own.
      .filter((line) => !line.includes(storageSuiteMark))
      .toSorted(),
    interfaces: interfaces.map((line) => line.split(':')[0]?.trim() ?? '').toSorted(),
    neighbours: execFileSync('ip', ['neigh', 'show', 'nud', 'permanent'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`nd-${hash}`)),
    // The host's hierarchies are shared with whatever runs beside the lab: only this daemon's own count.
    groups: listTree('/sys/fs/cgroup', 6).filter((name) =>
      new RegExp(`/node-daemon-${hash}/(?:monitors/)?[0-9a-f]{24}$`).test(name),
    ),
    locks: listTree('/run/lxc', 8).filter((name) => /\/\.[0-9a-f]{24}$/.test(name)),
    files: ['machines', 'ramdisks', 'volumes', 'snapshots', 'storage', 'network'].flatMap((name) =>
      listTree(path.join(dataDir, name), 3).filter((file) => /\b[0-9a-f]{24}\b/.test(file)),
    ),
    processes: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
      .filter(
        (line) => line.includes('[lxc monitor]') || /\b(?:criu|lxc-start|lxc-attach|flock)\b/.test(line),
      ),
  };
}

function listTree(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const child = path.join(directory, entry.name);
    return [child, ...(entry.isDirectory() ? listTree(child, depth - 1) : [])];
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
