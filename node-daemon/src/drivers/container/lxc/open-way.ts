import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';

const base = '/run/node-daemon';

/**
 * The first directory above `directory` that ordinary users can't pass through; undefined: there is none.
 * A machine's root is such a user, and LXC opens the way to its disk as that one.
 */
export function findClosedParent(directory: string): string | undefined {
  const parents: string[] = [];
  for (let parent = path.dirname(directory); parent !== path.dirname(parent); parent = path.dirname(parent)) {
    parents.unshift(parent);
  }
  return parents.find((parent) => {
    const stat = statSync(parent, { throwIfNoEntry: false });
    return stat !== undefined && (stat.mode & 0o001) === 0;
  });
}

/** A path to the data directory that machines can pass through; `close` takes it away when none uses it. */
export type OpenWay = { readonly directory: string; readonly close: () => void };

/**
 * The data directory itself, or where a parent of it is closed, a second name for it under /run, made by a
 * bind mount. `key` is the same for the same data directory. Undefined when it can't be mounted.
 */
export function openWay(dataDir: string, key: string): OpenWay | undefined {
  if (findClosedParent(dataDir) === undefined) return { directory: dataDir, close: () => undefined };
  const directory = path.join(base, `lxc-${key}`);
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  if (!isMounted(directory) && spawnSync('mount', ['--bind', dataDir, directory]).status !== 0)
    return undefined;
  return {
    directory,
    close: () => {
      const machines = path.join(dataDir, 'machines');
      if (hasEntries(machines)) return;
      spawnSync('umount', [directory]);
      try {
        rmdirSync(directory);
      } catch {
        // Something below is still mounted: the next start uses it again.
      }
    },
  };
}

function isMounted(directory: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === directory);
}

function hasEntries(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    return false;
  }
}
