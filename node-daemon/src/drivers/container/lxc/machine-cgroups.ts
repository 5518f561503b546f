import { chmodSync, chownSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { done, fail, type Outcome } from '../../../outcome.ts';
import { CgroupTree, type Limits } from '../cgroups/cgroup-tree.ts';
import {
  controllers,
  detectCgroups,
  listGroups,
  parseCgroupMounts,
  removeGroup,
  type CgroupMount,
  type CgroupPlace,
  type Controller,
} from '../cgroups/detect.ts';
import { readControllers, turnControllersOn, type GroupControllers } from './group-controllers.ts';

const removeTimeoutMs = 10_000;
/** Directory of the monitors' groups beside those of the machines. */
const monitors = 'monitors';

/**
 * The groups of LXC machines. LXC makes them in every hierarchy of the host, a machine may make more inside
 * its own; limits, freezing and usage are those of {@link CgroupTree}, which looks at the machine's group itself.
 */
export class MachineCgroups {
  readonly tree: CgroupTree;
  /** The daemon's group relative to each hierarchy's top. */
  readonly group: string;
  readonly #bases: readonly string[];
  /** The daemon's group in version 2's hierarchy, from its top, and its directory; undefined where that is not mounted. */
  readonly #unified: { readonly group: string; readonly directory: string } | undefined;
  /** Names of the files of a group that whoever it is delegated to may write; the kernel lists those of version 2. */
  readonly #delegated = new Set(
    ['tasks', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'].concat(
      readText('/sys/kernel/cgroup/delegate').split('\n'),
    ),
  );

  /** `name`: the daemon's own group, unique per data directory. */
  constructor(name: string) {
    this.group = name;
    const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
    const tops = groupsOfInit(readFileSync('/proc/1/cgroup', 'utf8'), mounts);
    this.#bases = [...new Set([...tops.values()].map((top) => path.join(top, name)))];
    const unified = mounts.find(({ version }) => version === 2)?.path;
    const unifiedTop = unified === undefined ? undefined : tops.get(unified);
    if (unified !== undefined && unifiedTop !== undefined) {
      const group = path.join('/', path.relative(unified, unifiedTop), name);
      this.#unified = { group, directory: path.join(unifiedTop, name) };
    }
    const layout: { [controller in Controller]?: CgroupPlace } = {};
    const found = detectCgroups(name);
    for (const controller of controllers) {
      const place = found[controller];
      const mount = mounts
        .map((each) => each.path)
        .filter((each) => place?.base.startsWith(`${each}/`) === true)
        .toSorted((left, right) => right.length - left.length)[0];
      const top = mount === undefined ? undefined : tops.get(mount);
      if (place === undefined || top === undefined) continue;
      const base = path.join(top, name);
      if (base !== place.base) removeGroup(place.base);
      layout[controller] = { version: place.version, base };
    }
    this.tree = new CgroupTree(layout);
  }

  /** Group of the machine relative to each hierarchy's top. */
  containerGroup(containerId: string): string {
    return path.join(this.group, containerId);
  }

  /** Group of the machine in version 2's hierarchy, from its top; undefined where that is not mounted. */
  unifiedGroup(containerId: string): string | undefined {
    return this.#unified && path.join(this.#unified.group, containerId);
  }

  /** What {@link turnControllersOn} can turn on again. */
  controllers(containerId: string): GroupControllers {
    return this.#unified === undefined
      ? {}
      : readControllers(path.join(this.#unified.directory, containerId));
  }

  /** Turns controllers on in groups that something else than the machine has made anew. */
  turnControllersOn(containerId: string, wanted: GroupControllers): void {
    if (this.#unified === undefined) return;
    turnControllersOn(path.join(this.#unified.directory, containerId), wanted);
  }

  monitorGroup(containerId: string): string {
    return path.join(this.group, monitors, containerId);
  }

  /** Host numbers of all processes of a machine, those in groups of its own making included. */
  processes(containerId: string): number[] {
    return this.#collect(this.#bases.map((base) => path.join(base, containerId)));
  }

  /** Host numbers of the machine's monitor and what it runs, its hooks. */
  monitorProcesses(containerId: string): number[] {
    return this.#collect(this.#bases.map((base) => path.join(base, monitors, containerId)));
  }

  /** Applies limits and looks whether the kernel took them. */
  applyLimits(containerId: string, limits: Limits): Outcome<undefined> {
    const applied = this.tree.setLimits(containerId, limits);
    if (!applied.ok) return applied;
    const { memory } = this.tree.layout;
    if (memory === undefined || limits.memoryBytes === null) return done;
    const file = memory.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
    const held = Number(readText(path.join(memory.base, containerId, file)));
    // The kernel counts in pages.
    if (held <= limits.memoryBytes && held > limits.memoryBytes - 1024 * 1024) return done;
    return fail('DRIVER_FAILED', 'The kernel did not take the machine’s memory limit.');
  }

  /**
   * Gives the groups of a restored machine the owners that LXC and the kernel give them, and CRIU does not: root of
   * the machine may move its processes between the groups that it makes in its own, without which systemd could
   * start nothing any more; what sets its limits is the host's; and the groups that it has made are all its own.
   */
  giveToMachine(containerId: string, rootGid: number): void {
    for (const directory of this.#bases.map((base) => path.join(base, containerId))) {
      if (!existsSync(directory)) continue;
      own(directory, { uid: 0, gid: rootGid }, 0o775);
      for (const file of filesIn(directory)) {
        if (this.#delegated.has(path.basename(file))) own(file, { uid: 0, gid: rootGid }, 0o664);
        // The owner and the mode of some (freezer.state) are what happened to be in CRIU's memory.
        else if (!isOf(hostRoot, file)) own(file, hostRoot, 0o644);
      }
      for (const name of listGroups(directory)) giveToItsOwner(path.join(directory, name));
    }
  }

  /** Removes all groups of a machine and of its monitor in every hierarchy; waits for the last processes. */
  async remove(containerId: string): Promise<Outcome<undefined>> {
    const deadline = performance.now() + removeTimeoutMs;
    for (const base of this.#bases) {
      for (const directory of [path.join(base, containerId), path.join(base, monitors, containerId)]) {
        while (!removeTree(directory)) {
          if (performance.now() > deadline) return fail('DRIVER_FAILED', 'A control group is still in use.');
          await delay(2);
        }
      }
    }
    return done;
  }

  /** Ids of everything that has groups. */
  list(): string[] {
    const names = this.#bases.flatMap((base) => [
      ...listGroups(base),
      ...listGroups(path.join(base, monitors)),
    ]);
    return [...new Set(names)];
  }

  /** Removes the daemon's own groups when no machine is left in them. */
  removeBases(): void {
    for (const base of this.#bases) {
      removeGroup(path.join(base, monitors));
      removeGroup(base);
    }
  }

  #collect(directories: readonly string[]): number[] {
    const pids = new Set<number>();
    for (const directory of directories) collectProcesses(directory, pids);
    return [...pids];
  }
}

/**
 * Where LXC makes groups, by mount: below the group of the host's pid 1, which is the top unless that one is
 * itself in a group of a host around it.
 */
export function groupsOfInit(text: string, mounts: readonly CgroupMount[]): Map<string, string> {
  const groups = text.split('\n').map((line) => {
    const [, names = '', ...rest] = line.split(':');
    return { names: names.split(','), directory: rest.join(':').replace(/\/(?:init\.scope)?$/, '') };
  });
  return new Map(
    mounts.map((mount) => {
      const group = groups.find(({ names }) =>
        mount.version === 2 ? names[0] === '' : names.some((name) => mount.names.includes(name)),
      );
      return [mount.path, path.join(mount.path, group?.directory ?? '')];
    }),
  );
}

function collectProcesses(directory: string, into: Set<number>): void {
  if (!existsSync(directory)) return;
  const text = readText(path.join(directory, 'cgroup.procs'));
  for (const line of text.split('\n')) if (line !== '' && line !== '0') into.add(Number(line));
  for (const name of listGroups(directory)) collectProcesses(path.join(directory, name), into);
}

function removeTree(directory: string): boolean {
  for (const name of listGroups(directory)) removeTree(path.join(directory, name));
  return removeGroup(directory);
}

type Owner = { readonly uid: number; readonly gid: number };
const hostRoot: Owner = { uid: 0, gid: 0 };

function own(file: string, { uid, gid }: Owner, mode: number): void {
  chownSync(file, uid, gid);
  chmodSync(file, mode);
}

/** Whoever makes a group owns all files in it. */
function giveToItsOwner(directory: string): void {
  const { uid, gid } = statSync(directory);
  for (const file of filesIn(directory)) if (isOf(hostRoot, file)) chownSync(file, uid, gid);
  for (const name of listGroups(directory)) giveToItsOwner(path.join(directory, name));
}

function isOf({ uid, gid }: Owner, file: string): boolean {
  const found = statSync(file);
  return found.uid === uid && found.gid === gid;
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(directory, entry.name));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
