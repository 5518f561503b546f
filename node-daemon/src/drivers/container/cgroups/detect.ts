import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const controllers = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer'] as const;
export type Controller = (typeof controllers)[number];

/** Where the groups of one controller are kept. Each machine has a directory in `base` named by its id. */
export type CgroupPlace = { readonly version: 1 | 2; readonly base: string };

/** The controllers that this daemon may really use; a missing one is not there or not writable. */
export type CgroupLayout = { readonly [name in Controller]?: CgroupPlace };

/** One cgroup mount of the host. `names` are v1 controllers; version 2 has none here. */
export type CgroupMount = { readonly version: 1 | 2; readonly path: string; readonly names: readonly string[] };

/** Finds the cgroup mounts in the text of /proc/self/mountinfo. */
export function parseCgroupMounts(mountInfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountInfo.split('\n')) {
    const [left, right] = line.split(' - ');
    if (left === undefined || right === undefined) continue;
    const [type, , superOptions] = right.split(' ');
    const mountPath = left.split(' ')[4];
    if (mountPath === undefined) continue;
    if (type === 'cgroup2') mounts.push({ version: 2, path: mountPath, names: [] });
    if (type === 'cgroup') mounts.push({ version: 1, path: mountPath, names: superOptions?.split(',') ?? [] });
  }
  return mounts;
}

/**
 * Finds for each controller the place where machines' groups can be made, and tries each out: a group is
 * made and joined by a process. `group` is the name of the daemon's own group, unique per data directory.
 */
export function detectCgroups(group: string): CgroupLayout {
  const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const ownPaths = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const layout: { [name in Controller]?: CgroupPlace } = {};
  const unified = mounts.find((mount) => mount.version === 2);
  const unifiedBase = unified === undefined ? undefined : openUnified(unified.path, group, ownPaths);
  for (const controller of controllers) {
    const mount = mounts.find((candidate) => candidate.version === 1 && candidate.names.includes(controller));
    const base = mount === undefined ? undefined : path.join(mount.path, group);
    if (base !== undefined && isUsable(base)) layout[controller] = { version: 1, base };
    else if (unifiedBase !== undefined && unifiedHas(unifiedBase, controller)) {
      layout[controller] = { version: 2, base: unifiedBase };
    }
  }
  const unifiedIsUsed = Object.values(layout).some((place) => place.version === 2);
  if (unifiedBase !== undefined && !unifiedIsUsed) removeGroup(unifiedBase);
  return layout;
}

/** Makes the daemon's group in the unified hierarchy: at its top, else beside the daemon's own group. */
function openUnified(mountPath: string, group: string, ownPaths: readonly string[]): string | undefined {
  const own = ownPaths.find((line) => line.startsWith('0::'))?.slice('0::'.length);
  const parents = [mountPath];
  if (own !== undefined && own !== '/') parents.push(path.join(mountPath, path.dirname(own)));
  for (const parent of parents) {
    const base = path.join(parent, group);
    if (!isUsable(base)) continue;
    for (const controller of ['memory', 'cpu', 'pids']) {
      for (const directory of [parent, base]) enable(directory, controller);
    }
    return base;
  }
  return undefined;
}

function enable(directory: string, controller: string): void {
  try {
    writeFileSync(path.join(directory, 'cgroup.subtree_control'), `+${controller}`);
  } catch {
    // Not offered here, or the group holds processes: unifiedHas() will say so.
  }
}

const unifiedFiles: Readonly<Record<Controller, string>> = {
  memory: 'memory.max',
  cpu: 'cpu.max',
  cpuacct: 'cpu.stat',
  pids: 'pids.max',
  freezer: 'cgroup.freeze',
};

function unifiedHas(base: string, controller: Controller): boolean {
  const probe = path.join(base, 'probe');
  try {
    mkdirSync(probe, { recursive: true });
    return existsSync(path.join(probe, unifiedFiles[controller]));
  } catch {
    return false;
  } finally {
    removeGroup(probe);
  }
}

/** Whether a group can be made below `base` and joined. */
function isUsable(base: string): boolean {
  const probe = path.join(base, 'probe');
  try {
    mkdirSync(probe, { recursive: true });
    const joined = spawnSync('/bin/sh', ['-c', 'echo 0 >"$1/cgroup.procs"', 'sh', probe], { stdio: 'ignore' });
    return joined.status === 0;
  } catch {
    return false;
  } finally {
    removeGroup(probe);
  }
}

/** Removes a group that has no processes and no groups in it; false when it is still in use. */
export function removeGroup(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}

/** Names of the groups below `base`; none when it does not exist. */
export function listGroups(base: string): string[] {
  try {
    return readdirSync(base, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
