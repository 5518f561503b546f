import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { done, fail, systemErrorCode, type Outcome } from '../../../outcome.ts';
import { listGroups, removeGroup, type CgroupLayout, type CgroupPlace, type Controller } from './detect.ts';
import { setMemoryLimit } from './memory-limit.ts';

/** CPU accounting period: the kernel's default. */
const cpuPeriodUs = 100_000;
/** Processes and threads that one machine may have. */
const pidsMax = 4096;
/** How long processes may take to stand still: some are in the middle of a disk access. */
const freezeTimeoutMs = 10_000;
const removeTimeoutMs = 10_000;
const eagerLooks = 50;

/** What a machine is allowed; null: no limit. */
export type Limits = { readonly cpuCores: number | null; readonly memoryBytes: number | null };

/** What a machine has used; null: not known on this host. */
export type Usage = {
  readonly cpuNs: number | null;
  readonly memoryBytes: number | null;
  readonly memoryPeakBytes: number | null;
};

/** The control groups of all machines of one daemon, in version 1, version 2 or a mix of them. */
export class CgroupTree {
  readonly layout: CgroupLayout;
  readonly #places: readonly CgroupPlace[];

  constructor(layout: CgroupLayout) {
    this.layout = layout;
    const byBase = new Map<string, CgroupPlace>();
    for (const place of Object.values(layout)) byBase.set(place.base, place);
    this.#places = [...byBase.values()];
  }

  /** Makes the groups of a machine and sets its limits. Gives the files through which a process joins. */
  create(containerId: string, limits: Limits): Outcome<string[]> {
    for (const { base } of this.#places) mkdirSync(path.join(base, containerId), { recursive: true });
    const limited = this.setLimits(containerId, limits);
    return limited.ok ? { ok: true, value: this.joins(containerId) } : limited;
  }

  /**
   * The files through which a process with one thread joins a machine's groups, by writing `0`. In version
   * 1 that is `tasks`: moving oneself alone spares the kernel a wait of several milliseconds per group.
   */
  joins(containerId: string): string[] {
    return this.#places.map(({ version, base }) =>
      path.join(base, containerId, version === 1 ? 'tasks' : 'cgroup.procs'),
    );
  }

  /** Applies limits to a machine that exists; lowering memory below what is used is CAPACITY_EXCEEDED. */
  setLimits(containerId: string, limits: Limits): Outcome<undefined> {
    const memory = this.#group('memory', containerId);
    if (memory !== undefined && !setMemoryLimit(memory, limits.memoryBytes))
      return fail('CAPACITY_EXCEEDED', 'The machine uses more memory now than the new limit allows.');
    const cpu = this.#group('cpu', containerId);
    if (cpu !== undefined) {
      const quotaUs =
        limits.cpuCores === null ? null : Math.max(1000, Math.round(limits.cpuCores * cpuPeriodUs));
      if (cpu.version === 1)
        writeFileSync(path.join(cpu.directory, 'cpu.cfs_quota_us'), String(quotaUs ?? -1));
      else writeFileSync(path.join(cpu.directory, 'cpu.max'), `${quotaUs ?? 'max'} ${cpuPeriodUs}`);
    }
    const pids = this.#group('pids', containerId);
    if (pids !== undefined) writeFileSync(path.join(pids.directory, 'pids.max'), String(pidsMax));
    return done;
  }

  /** Whether the processes of a machine can be found through its groups. */
  get tracksProcesses(): boolean {
    return this.#places.length > 0;
  }

  /** Whether processes can be made to stand still through a group. */
  get canFreeze(): boolean {
    return this.layout.freezer !== undefined;
  }

  /** Freezes all processes of a machine and waits until the kernel says so; WRONG_STATE when it has ended. */
  async freeze(containerId: string): Promise<Outcome<undefined>> {
    const group = this.#group('freezer', containerId);
    if (group === undefined) return fail('CAPABILITY_MISSING', 'This host has no freezer.');
    const deadline = performance.now() + freezeTimeoutMs;
    for (let look = 0; ; look += 1) {
      // Version 1 stays FREEZING when a process was forked in between; writing again takes it along.
      if (!this.#writeFreezer(group, true)) return fail('WRONG_STATE', 'The machine has ended.');
      if (this.isFrozen(containerId)) return done;
      if (performance.now() > deadline) {
        this.#writeFreezer(group, false);
        return fail('DRIVER_FAILED', 'The machine’s processes did not stand still in time.');
      }
      // Most machines stand still within microseconds: a timer would wait longer than they need.
      await (look < eagerLooks ? nextTurn() : delay(1));
    }
  }

  /** Lets the processes go on. Nothing happens when they are not frozen. */
  thaw(containerId: string): void {
    const group = this.#group('freezer', containerId);
    if (group !== undefined) this.#writeFreezer(group, false);
  }

  /**
   * Whether the machine was frozen and is not to go on. On version 2 the kernel says `frozen 0` for a moment when CRIU
   * lets go of processes that stand still: none of them runs on, but they leave one kind of standing for another.
   */
  isHeld(containerId: string): boolean {
    const group = this.#group('freezer', containerId);
    if (group?.version !== 2) return this.isFrozen(containerId);
    return this.#read(group.directory, 'cgroup.freeze')?.trim() === '1';
  }

  /** Whether all processes of the machine stand still now. */
  isFrozen(containerId: string): boolean {
    const group = this.#group('freezer', containerId);
    if (group === undefined) return false;
    if (group.version === 1) return this.#read(group.directory, 'freezer.state')?.trim() === 'FROZEN';
    return /^frozen 1$/m.test(this.#read(group.directory, 'cgroup.events') ?? '');
  }

  /** Host numbers of the processes in the machine's groups. */
  processes(containerId: string): number[] {
    const pids = new Set<number>();
    for (const { base } of this.#places) {
      const text = this.#read(path.join(base, containerId), 'cgroup.procs') ?? '';
      for (const line of text.split('\n')) if (line !== '' && line !== '0') pids.add(Number(line));
    }
    return [...pids];
  }

  /** Removes a machine's groups; waits for the last processes to leave them. */
  async remove(containerId: string): Promise<Outcome<undefined>> {
    const deadline = performance.now() + removeTimeoutMs;
    for (const { base } of this.#places) {
      while (!removeGroup(path.join(base, containerId))) {
        if (performance.now() > deadline) return fail('DRIVER_FAILED', 'A control group is still in use.');
        await delay(2);
      }
    }
    return done;
  }

  /** Names of all groups that exist. */
  list(): string[] {
    return [...new Set(this.#places.flatMap(({ base }) => listGroups(base)))];
  }

  /** Removes the daemon's own groups when no machine is left in them. */
  removeBases(): void {
    for (const { base } of this.#places) removeGroup(base);
  }

  usage(containerId: string): Usage {
    const memory = this.#group('memory', containerId);
    const cpu = this.#group('cpuacct', containerId);
    const number = (directory: string | undefined, file: string): number | null => {
      const value = Number(
        directory === undefined ? Number.NaN : (this.#read(directory, file) ?? Number.NaN),
      );
      return Number.isFinite(value) ? value : null;
    };
    const version1 = memory?.version === 1;
    return {
      cpuNs: cpu?.version === 2 ? this.#unifiedCpuNs(cpu.directory) : number(cpu?.directory, 'cpuacct.usage'),
      memoryBytes: number(memory?.directory, version1 ? 'memory.usage_in_bytes' : 'memory.current'),
      memoryPeakBytes: number(memory?.directory, version1 ? 'memory.max_usage_in_bytes' : 'memory.peak'),
    };
  }

  #unifiedCpuNs(directory: string): number | null {
    const match = /^usage_usec ([0-9]+)$/m.exec(this.#read(directory, 'cpu.stat') ?? '');
    return match === null ? null : Number(match[1]) * 1000;
  }

  #group(controller: Controller, containerId: string): { version: 1 | 2; directory: string } | undefined {
    const place = this.layout[controller];
    return place && { version: place.version, directory: path.join(place.base, containerId) };
  }

  /** False when the group is gone, or goes while it is written to (ENODEV): LXC's monitor removes what is empty. */
  #writeFreezer(group: { version: 1 | 2; directory: string }, frozen: boolean): boolean {
    const file = group.version === 1 ? 'freezer.state' : 'cgroup.freeze';
    const value = group.version === 1 ? (frozen ? 'FROZEN' : 'THAWED') : frozen ? '1' : '0';
    try {
      writeFileSync(path.join(group.directory, file), value);
      return true;
    } catch (error) {
      if (!['ENOENT', 'ENODEV'].includes(systemErrorCode(error) ?? '')) throw error;
      return false;
    }
  }

  #read(directory: string, file: string): string | undefined {
    try {
      return readFileSync(path.join(directory, file), 'utf8');
    } catch {
      return undefined;
    }
  }
}
