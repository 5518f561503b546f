import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fail, succeed, type Outcome } from '../../../outcome.ts';
import { writeFileDurably } from '../../../durable-file.ts';
import type { Machine } from '../../types.ts';
import { uidRangeSize } from './boot.ts';
import {
  readDefinition,
  readInitFile,
  writeInitFile,
  type Definition,
  type RunningProcesses,
} from './definition.ts';
import { containerIdPattern, machinePaths, type Layout, type MachinePaths } from './layout.ts';
import type { IsolationMode } from './mount-tables.ts';
import {
  isAlive,
  listProcesses,
  readEnvironmentVariable,
  readProcess,
  type ProcessIdentity,
} from './processes.ts';

/** Host uids of mapped machines: above ordinary users, within what systemd leaves to containers. */
export const uidBase = 1_000_000_000;
const uidSlots = 10_000;

/** The durable record of machines: definitions and the processes that belong to them. */
export class MachineRegistry {
  readonly #layout: Layout;
  readonly #mode: IsolationMode;
  readonly #bootId: string;
  readonly #usedUids = new Set<number>();
  readonly #running = new Map<string, RunningProcesses>();

  constructor(layout: Layout, mode: IsolationMode, bootId: string) {
    this.#layout = layout;
    this.#mode = mode;
    this.#bootId = bootId;
    mkdirSync(layout.machines, { recursive: true, mode: 0o700 });
    for (const containerId of this.directories()) {
      const definition = this.definition(containerId);
      if (definition !== undefined) this.#usedUids.add(definition.root_uid);
      this.processes(containerId);
    }
  }

  paths(containerId: string): MachinePaths {
    return machinePaths(this.#layout, containerId);
  }

  /** Ids of the machines that have a directory. */
  directories(): string[] {
    return readdirSync(this.#layout.machines).filter((name) => containerIdPattern.test(name));
  }

  definition(containerId: string): Definition | undefined {
    return readDefinition(this.paths(containerId).definition);
  }

  /** Writes the definition; a machine keeps its uids for as long as it exists. */
  define(machine: Machine): Outcome<Definition> {
    const paths = this.paths(machine.spec.container_id);
    const rootUid = this.definition(machine.spec.container_id)?.root_uid ?? this.#freeUid();
    if (rootUid === undefined)
      return fail('CAPACITY_EXCEEDED', 'The host has no uids left for another machine.');
    this.#usedUids.add(rootUid);
    const definition = { incarnation: machine.incarnation, root_uid: rootUid, spec: machine.spec };
    mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
    writeFileDurably(paths.definition, JSON.stringify(definition));
    return succeed(definition);
  }

  forget(containerId: string): void {
    const definition = this.definition(containerId);
    if (definition !== undefined) this.#usedUids.delete(definition.root_uid);
    this.#running.delete(containerId);
    rmSync(this.paths(containerId).directory, { recursive: true, force: true });
  }

  recordProcesses(containerId: string, running: RunningProcesses): void {
    writeInitFile(this.paths(containerId).initFile, this.#bootId, running);
    this.#running.set(containerId, running);
  }

  forgetProcesses(containerId: string): void {
    this.#running.delete(containerId);
    rmSync(this.paths(containerId).initFile, { force: true });
  }

  /** The recorded processes, whether they still run or not. */
  processes(containerId: string): RunningProcesses | undefined {
    const known = this.#running.get(containerId);
    if (known !== undefined) return known;
    const recorded = readInitFile(this.paths(containerId).initFile, this.#bootId);
    if (recorded !== undefined) this.#running.set(containerId, recorded);
    return recorded;
  }

  /** Pid 1 of the machine, if it runs. */
  livingInit(containerId: string): ProcessIdentity | undefined {
    const running = this.processes(containerId);
    return running !== undefined && isAlive(running.init) ? running.init : undefined;
  }

  /** Machines with recorded processes, and whether pid 1 still runs. */
  *runningMachines(): Generator<{ containerId: string; alive: boolean }> {
    for (const [containerId, running] of this.#running) yield { containerId, alive: isAlive(running.init) };
  }

  /** Processes of boots that this data directory began, found by their environment: by machine. */
  findMonitors(): Map<string, ProcessIdentity[]> {
    const found = new Map<string, ProcessIdentity[]>();
    for (const pid of listProcesses()) {
      const containerId = readEnvironmentVariable(pid, 'BOOT_CONTAINER');
      if (containerId === undefined || !containerIdPattern.test(containerId)) continue;
      if (readEnvironmentVariable(pid, 'BOOT_TABLES') !== this.paths(containerId).directory) continue;
      const status = readProcess(pid);
      if (status !== undefined) found.set(containerId, [...(found.get(containerId) ?? []), status]);
    }
    return found;
  }

  /** Whether anything of the machine is recorded. */
  exists(containerId: string): boolean {
    return existsSync(this.paths(containerId).directory);
  }

  #freeUid(): number | undefined {
    if (this.#mode !== 'mapped') return 0;
    for (let slot = 0; slot < uidSlots; slot += 1) {
      const uid = uidBase + slot * uidRangeSize;
      if (!this.#usedUids.has(uid)) return uid;
    }
    return undefined;
  }
}
