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
export type CgroupMount = {
  readonly version: 1 | 2;
  readonly path: string;
  /** `MAJOR:MINOR` of its file system. */
  readonly device: string;
  readonly names: readonly string[];
};

/** Finds the cgroup mounts in the text of /proc/self/mountinfo. */
export function parseCgroupMounts(mountInfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountInfo.split('\n')) {
    const [left, right] = line.split(' - ');
    if (left === undefined || right === undefined) continue;
    const [type, , superOptions] = right.split(' ');
    const [, , device, , mountPath] = left.split(' ');
    if (device === undefined || mountPath === undefined) continue;
    const mount = { path: mountPath, device };
    if (type === 'cgroup2') mounts.push({ version: 2, ...mount, names: [] });
    if (type === 'cgroup') mounts.push({ version: 1, ...mount, names: superOptions?.split(',') ?? [] });
  }
  return mounts;
}

/**
 * Finds for each controller the place where machines' groups can be made, and tries each out: a group is
 * made and joined by a process. `group` is the name of the daemon's own group, unique per data directory.
 */
export function detectCgroups(group: string): CgroupLayout {
  const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const version1 = mounts.filter(
    ({ version, names }) => version === 1 && controllers.some((controller) => names.includes(controller)),
  );
  const unifiedCandidates = unifiedParents(mounts).map((parent) => path.join(parent, group));
  const usable = findUsable([...version1.map((mount) => path.join(mount.path, group)), ...unifiedCandidates]);
  const unified = unifiedCandidates.find((base) => usable.has(base));
  if (unified !== undefined) enableControllers(unified);
  const layout: { [name in Controller]?: CgroupPlace } = {};
  for (const controller of controllers) {
    const mount = version1.find(({ names }) => names.includes(controller));
    const base = mount === undefined ? undefined : path.join(mount.path, group);
    if (base !== undefined && usable.has(base)) layout[controller] = { version: 1, base };
    else if (unified !== undefined && unifiedHas(unified, controller)) {
      layout[controller] = { version: 2, base: unified };
    }
  }
  const used = new Set(Object.values(layout).map((place) => place.base));
  for (const base of usable) if (!used.has(base)) removeGroup(base);
  return layout;
}

/** Where the daemon's group may be in the unified hierarchy: at its top, else beside the daemon's own. */
function unifiedParents(mounts: readonly CgroupMount[]): string[] {
  const mount = mounts.find(({ version }) => version === 2);
  if (mount === undefined) return [];
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const own = lines.find((line) => line.startsWith('0::'))?.slice('0::'.length) ?? '/';
  return own === '/' ? [mount.path] : [mount.path, path.join(mount.path, path.dirname(own))];
}

function enableControllers(base: string): void {
  for (const controller of ['memory', 'cpu', 'pids']) {
    for (const directory of [path.dirname(base), base]) enable(directory, controller);
  }
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

/** The bases below which a group can be made and joined. One shell tries them all, one after the other. */
function findUsable(bases: readonly string[]): Set<string> {
  const made = bases.filter((base) => {
    try {
      mkdirSync(path.join(base, 'probe'), { recursive: true });
      return true;
    } catch {
      return false;
    }
  });
  const script = 'for base; do { echo 0 >"$base/probe/cgroup.procs"; } 2>/dev/null && echo "$base"; done';
  const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', ...made], { encoding: 'utf8' });
  for (const base of made) removeGroup(path.join(base, 'probe'));
  return new Set(stdout.split('\n').filter((line) => made.includes(line)));
}

/** Removes a group that has no processes and no groups in it; false when it is still in use. */
export function removeGroup(directory: string): boolean {
  // Asked for in each hierarchy, most are not there: a look costs a tenth of a failure.
  if (!existsSync(directory)) return true;
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}

/** Names of the groups below `base`; none when it does not exist. */
export function listGroups(base: string): string[] {
  if (!existsSync(base)) return [];
  try {
    return readdirSync(base, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
