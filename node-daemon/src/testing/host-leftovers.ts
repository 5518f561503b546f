import { existsSync, readdirSync, readFileSync, type Dirent } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** Traces that a machine has on the host: processes, mounts, control groups, files. Empty: it is gone. */
export function findLeftovers(dataDir: string, containerId: string): string[] {
  return [
    ...processesOf(containerId).map((pid) => `process ${pid}`),
    ...mountsOf(containerId),
    ...groupsOf(containerId),
    ...filesOf(dataDir, containerId),
  ];
}

/** Host processes that were started for a machine's boot. */
export function processesOf(containerId: string): number[] {
  const marker = `BOOT_CONTAINER=${containerId}`;
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && readText(`/proc/${name}/environ`).includes(marker))
    .map(Number);
}

/** Ends a machine behind the daemon's back: its pid 1, and with it everything in it. */
export function killInit(dataDir: string, containerId: string): void {
  const file = path.join(dataDir, 'machines', containerId, 'init.json');
  const { init } = z
    .object({ init: z.object({ pid: z.number() }) })
    .parse(JSON.parse(readFileSync(file, 'utf8')));
  process.kill(init.pid, 'SIGKILL');
}

function mountsOf(containerId: string): string[] {
  const lines = readText('/proc/self/mountinfo').split('\n');
  return lines.filter((line) => line.includes(containerId)).map((line) => `mount ${line}`);
}

/** Control groups of a machine, in every hierarchy. */
export function groupsOf(containerId: string): string[] {
  const found: string[] = [];
  const visit = (directory: string, depth: number): void => {
    if (depth === 0) return;
    for (const entry of entriesOf(directory)) {
      if (!entry.isDirectory()) continue;
      const child = path.join(directory, entry.name);
      if (entry.name === containerId) found.push(child);
      else visit(child, depth - 1);
    }
  };
  visit('/sys/fs/cgroup', 3);
  return found;
}

/** What is in a directory; nothing when it is gone by now: other daemons' groups come and go. */
function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function filesOf(dataDir: string, containerId: string): string[] {
  const found: string[] = [];
  for (const kind of ['machines', 'volumes', 'snapshots', 'ramdisks']) {
    const directory = path.join(dataDir, kind);
    if (!existsSync(directory)) continue;
    for (const name of readdirSync(directory)) {
      if (name.startsWith(containerId)) found.push(path.join(directory, name));
    }
  }
  return found;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
