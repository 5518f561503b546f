import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { writeFileDurably } from '../../../durable-file.ts';
import type { Machine } from '../../types.ts';
import {
  readDefinition,
  readInitFile,
  writeInitFile,
  type Definition,
  type RunningProcesses,
} from '../namespaces/definition.ts';
import { isAlive, type ProcessIdentity } from '../namespaces/processes.ts';
import { containerIdPattern, machineRootUid, type LxcLayout, type LxcPaths } from './layout.ts';

/**
 * The durable record of machines: definitions, and the processes of those that run. All machines share one
 * range of host ids, so that a copy of an image needs no change of owners.
 */
export class MachineRecords {
  readonly #layout: LxcLayout;
  readonly #bootId: string;
  readonly #running = new Map<string, RunningProcesses>();

  constructor(layout: LxcLayout, bootId: string) {
    this.#layout = layout;
    this.#bootId = bootId;
    mkdirSync(layout.machines, { recursive: true, mode: 0o711 });
    for (const containerId of this.directories()) this.processes(containerId);
  }

  paths(containerId: string): LxcPaths {
    return this.#layout.paths(containerId);
  }

  /** Ids of the machines that have a directory. */
  directories(): string[] {
    return readdirSync(this.#layout.machines).filter((name) => containerIdPattern.test(name));
  }

  exists(containerId: string): boolean {
    return existsSync(this.paths(containerId).directory);
  }

  definition(containerId: string): Definition | undefined {
    return readDefinition(this.paths(containerId).definition);
  }

  define(machine: Machine): Definition {
    const paths = this.paths(machine.spec.container_id);
    const known = this.definition(machine.spec.container_id);
    const rootUid = known?.root_uid ?? machineRootUid;
    const definition = { incarnation: machine.incarnation, root_uid: rootUid, spec: machine.spec };
    if (isDeepStrictEqual(known, definition)) return definition;
    // LXC enters it as root of the machine on its way to the devices.
    mkdirSync(paths.directory, { recursive: true, mode: 0o711 });
    writeFileDurably(paths.definition, JSON.stringify(definition));
    return definition;
  }

  forget(containerId: string): void {
    const paths = this.paths(containerId);
    this.#running.delete(containerId);
    rmSync(paths.lockFile, { force: true });
    rmSync(paths.directory, { recursive: true, force: true });
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
}
