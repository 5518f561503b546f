import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileDurably } from '../../../durable-file.ts';
import { describeError, done, fail, type Outcome } from '../../../outcome.ts';
import { machineRootUid, type LxcLayout } from '../../container/lxc/layout.ts';
import type { LxcDriver } from '../../container/lxc/lxc-driver.ts';
import type { MachineCgroups } from '../../container/lxc/machine-cgroups.ts';
import { dropReplacedRamdisk, putRamdiskBack, replaceRamdisk } from '../../container/lxc/replace-ramdisk.ts';
import { ramdiskBytes } from '../../container/namespaces/ramdisk.ts';
import type { Connection } from '../../network/bridge/bridge-network.ts';
import type { CheckpointDriver, HoldRequest, RestoreRequest } from '../../types.ts';
import { discardMemory, memoryDirectoryOf } from '../memory-directory.ts';
import { amendImages } from './amend-images.ts';
import type { CriuProgram } from './criu-program.ts';
import { awaitEarlierRun, StuckCriuError } from './criu-run.ts';
import { dumpMachine, pauseBeforeMs, ramdiskIn, type DumpMachine } from './dump-machine.ts';
import { findBlockers, type ProcessView } from './find-blockers.ts';
import { compareFeatures, DumpFacts, readHostFeatures } from './host-features.ts';
import { lookAtMachine, lookAtNetwork } from './look-at-machine.ts';
import { putNetworkBack } from './machine-network.ts';
import { preDumpMachine } from './pre-dump-machine.ts';
import { readProcesses } from './read-processes.ts';
import { restoreProcesses } from './restore-machine.ts';
import { findHindrance, letGoOnFor, settleMachine } from './settle-machine.ts';

export type CriuCheckpointOptions = {
  readonly program: CriuProgram;
  readonly container: LxcDriver;
  readonly layout: LxcLayout;
  readonly cgroups: MachineCgroups;
  /** What the machine was given when it was connected; undefined when it never was. */
  readonly connectionOf: (containerId: string) => Connection | undefined;
};

/** How long the first look waits for blockers to go away. */
const settleMs = 500;
const settlePollMs = 20;
/** How often a dump is tried again when something passing was in its way. */
const attemptsMax = 8;

/** Memory and processes of LXC machines, held and brought back by CRIU. */
export class CriuCheckpoint implements CheckpointDriver {
  readonly name = 'criu';
  readonly capabilities = { stateful_snapshot: true };
  readonly #options: CriuCheckpointOptions;

  constructor(options: CriuCheckpointOptions) {
    this.#options = options;
  }

  /** What is about to end by itself, such as a command from outside that has just answered, is waited for. */
  async blockers(containerId: string): Promise<string[]> {
    const deadline = performance.now() + settleMs;
    for (;;) {
      const blockers = await this.#look(containerId);
      if (blockers.length === 0 || performance.now() > deadline) return blockers;
      await delay(settlePollMs);
    }
  }

  async #look(containerId: string): Promise<string[]> {
    const { container, cgroups, connectionOf } = this.#options;
    const { initPid } = await container.observe(containerId);
    if (initPid === null) return ['The machine is not running.'];
    const view = lookAtMachine(initPid, cgroups.processes(containerId));
    const networkChanges = await lookAtNetwork(initPid, connectionOf(containerId));
    return findBlockers({ ...view, networkChanges });
  }

  async preDump(request: HoldRequest): Promise<Outcome<undefined>> {
    const { containerId, volume } = request;
    if (!this.#options.program.tracksMemory) return done;
    try {
      await this.#letGoOn(containerId);
      const cleared = await this.discard(containerId, volume);
      if (!cleared.ok) return cleared;
      await this.#letGoOn(containerId);
      const machine = await this.#find('running', request);
      if (machine === undefined) return fail('WRONG_STATE', 'The machine is not running.');
      return await preDumpMachine(this.#options, machine);
    } catch (error) {
      await discardMemory(volume);
      // Otherwise it ended, or there is not even room for a directory.
      const code = error instanceof StuckCriuError ? 'DRIVER_FAILED' : 'CAPABILITY_MISSING';
      return fail(code, describeError(error));
    } finally {
      await this.#letGoOn(containerId);
    }
  }

  async discard(containerId: string, volume: string): Promise<Outcome<undefined>> {
    try {
      if (existsSync(memoryDirectoryOf(volume))) await awaitEarlierRun(this.#options, containerId);
    } catch (error) {
      // Stuck and ended, it is over as well.
      if (!(error instanceof StuckCriuError)) throw error;
    }
    return discardMemory(volume);
  }

  /** A pre-dump that a daemon which is gone began leaves the machine standing still, as does its CRIU at its end. */
  async #letGoOn(containerId: string): Promise<void> {
    const { container } = this.#options;
    const { state } = await container.observe(containerId);
    if (state === 'paused') await container.thaw(containerId);
  }

  /** The machine as it is dumped; undefined: it is not in that state. */
  async #find(
    wanted: 'running' | 'paused',
    { containerId, volume, isPlaced: mayHold }: HoldRequest,
  ): Promise<DumpMachine | undefined> {
    const { container, cgroups } = this.#options;
    const { state, initPid } = await container.observe(containerId);
    const { freezer } = cgroups.tree.layout;
    if (initPid === null || state !== wanted || freezer === undefined) return undefined;
    return { containerId, initPid, freezer: path.join(freezer.base, containerId), volume, mayHold };
  }

  async dump(request: HoldRequest): Promise<Outcome<undefined>> {
    const { containerId, volume } = request;
    try {
      // While what a daemon that is gone began still works, the machine only seems to go on.
      if (existsSync(memoryDirectoryOf(volume))) await awaitEarlierRun(this.#options, containerId);
      return await this.#dumpAtFitMoment(request);
    } catch (error) {
      if (!(error instanceof StuckCriuError)) throw error;
      await discardMemory(volume);
      return fail('DRIVER_FAILED', error.message);
    }
  }

  async #dumpAtFitMoment(request: HoldRequest): Promise<Outcome<undefined>> {
    const { container } = this.#options;
    const { containerId } = request;
    for (let attempt = 0; ; attempt += 1) {
      const machine = await this.#find('paused', request);
      if (machine === undefined)
        return fail('WRONG_STATE', 'Only a machine that stands still can be dumped.');
      const settled = await settleMachine(this.#options, containerId, (pids) =>
        findHindrance(pids, machine.initPid),
      );
      if (!settled.ok) return settled;
      const { outcome, isPassing } = await dumpMachine(this.#options, machine);
      if (outcome.ok || !isPassing || attempt === attemptsMax) return outcome;
      request.remark(outcome.failure);
      const moved = await letGoOnFor(container, containerId, pauseBeforeMs(attempt));
      if (!moved.ok) return moved;
    }
  }

  async incompatibilities(from: string): Promise<string[]> {
    const facts = readFacts(from);
    if (facts === undefined) return ['The snapshot’s memory has no record of where it was made.'];
    return compareFeatures(facts, readHostFeatures(this.#options.program.version));
  }

  async restore(request: RestoreRequest): Promise<Outcome<undefined>> {
    const { program, container, layout, cgroups } = this.#options;
    const { machine, volume, from, attachNetwork } = request;
    const containerId = machine.spec.container_id;
    const facts = readFacts(from);
    if (facts === undefined) return fail('DRIVER_FAILED', 'The snapshot’s memory is not complete.');
    const resumed = path.join(from, 'resumed');
    const { freezer } = cgroups.tree.layout;
    const { ramdisk } = layout.paths(containerId);
    if (existsSync(resumed)) {
      // A daemon that is gone let it go on: the disk has changed since, its memory must not come back again.
      const { state } = await container.observe(containerId);
      if (state === 'running') return dropReplacedRamdisk(ramdisk);
      return fail('DRIVER_FAILED', 'The machine ended before its restore was settled.');
    }
    // Half restored by a daemon that is gone, or not at all: either way it is begun anew.
    const cleared = await container.kill(containerId);
    if (!cleared.ok) return cleared;
    // With the memory disk that it had then, whatever it is to have at its next start.
    const dumped = { ...machine, spec: { ...machine.spec, ramdisk: facts.ramdisk } };
    const configured = await container.writeConfiguration(dumped, volume);
    if (!configured.ok) return configured;
    if (facts.ramdisk) {
      const bytes = ramdiskBytes(machine.spec.memory_bytes);
      const replaced = await replaceRamdisk(ramdisk, ramdiskIn(from), { bytes, rootUid: machineRootUid });
      if (!replaced.ok) return this.#endFailedRestore(containerId, replaced);
    }
    const amended = await amendImages(volume, from, facts);
    if (!amended.ok) return this.#endFailedRestore(containerId, amended);
    const restored = await restoreProcesses({
      program,
      containerId,
      lxcPath: layout.machines,
      directory: layout.paths(containerId).directory,
      from,
      cgroupRoot: cgroups.unifiedGroup(containerId),
      freezer: freezer?.version === 2 ? path.join(freezer.base, containerId) : null,
      prepare: async (initPid) => {
        // CRIU has made the groups, and turns their controllers on last; but some files that are watched or open are there
        // only with a controller.
        cgroups.turnControllersOn(containerId, facts.controllers);
        // Processes may have files of their groups open, which CRIU opens anew as the machine's own root.
        cgroups.giveToMachine(containerId, machineRootUid);
        const attached = await attachNetwork(initPid);
        return attached.ok ? putNetworkBack(from, initPid) : attached;
      },
    });
    if (!restored.ok) return this.#endFailedRestore(containerId, restored);
    const still = await cgroups.tree.freeze(containerId);
    if (!still.ok) return this.#endFailedRestore(containerId, still);
    // Still frozen: limits are in force before the first instruction.
    const adopted = await container.adopt(machine);
    if (!adopted.ok) return this.#endFailedRestore(containerId, adopted);
    // Some of what CRIU set of them it has set since.
    cgroups.giveToMachine(containerId, machineRootUid);
    const found = living(readProcesses(cgroups.processes(containerId))).length;
    if (found !== facts.processes) {
      const missing = fail('DRIVER_FAILED', `Of ${facts.processes} processes ${found} came back.`);
      return this.#endFailedRestore(containerId, missing);
    }
    writeFileDurably(resumed, '');
    const thawed = await container.thaw(containerId);
    return thawed.ok ? dropReplacedRamdisk(ramdisk) : this.#endFailedRestore(containerId, thawed);
  }

  async #endFailedRestore<T>(containerId: string, failed: Outcome<T>): Promise<Outcome<undefined>> {
    const { container, layout } = this.#options;
    await container.kill(containerId);
    await putRamdiskBack(layout.paths(containerId).ramdisk);
    return failed.ok ? done : failed;
  }
}

function living(processes: readonly ProcessView[]): ProcessView[] {
  return processes.filter((process) => !process.isZombie);
}

function readFacts(from: string): DumpFacts | undefined {
  try {
    return DumpFacts.safeParse(JSON.parse(readFileSync(path.join(from, 'facts.json'), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
