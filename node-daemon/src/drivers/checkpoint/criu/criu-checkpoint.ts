import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileDurably } from '../../../durable-file.ts';
import { done, fail, type Outcome } from '../../../outcome.ts';
import { machineRootUid, type LxcLayout } from '../../container/lxc/layout.ts';
import type { LxcDriver } from '../../container/lxc/lxc-driver.ts';
import type { MachineCgroups } from '../../container/lxc/machine-cgroups.ts';
import { dropReplacedRamdisk, putRamdiskBack, replaceRamdisk } from '../../container/lxc/replace-ramdisk.ts';
import { ramdiskBytes } from '../../container/namespaces/ramdisk.ts';
import type { Connection } from '../../network/bridge/bridge-network.ts';
import type { CheckpointDriver, RestoreRequest } from '../../types.ts';
import type { CriuProgram } from './criu-program.ts';
import { dumpMachine, pauseBefore, ramdiskIn } from './dump-machine.ts';
import { findBlockers, type ProcessView } from './find-blockers.ts';
import { compareFeatures, DumpFacts, readHostFeatures } from './host-features.ts';
import { lookAtMachine, lookAtNetwork } from './look-at-machine.ts';
import { putNetworkBack } from './machine-network.ts';
import { readProcesses } from './read-processes.ts';
import { restoreProcesses } from './restore-machine.ts';
import { isStartingProcess } from './starting-processes.ts';
import { hasWaitingConnection } from './waiting-connections.ts';

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
/** How often a machine may be caught at an unfit moment; each time it goes on a bit longer. */
const momentsMax = 30;
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

  async dump(containerId: string, volume: string, isPlaced: boolean): Promise<Outcome<undefined>> {
    const { container, cgroups } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      const { state, initPid } = await container.observe(containerId);
      const freezer = cgroups.tree.layout.freezer;
      if (initPid === null || state !== 'paused' || freezer === undefined) {
        return fail('WRONG_STATE', 'Only a machine that stands still can be dumped.');
      }
      const settled = await this.#settle(containerId, initPid);
      if (!settled.ok) return settled;
      const { outcome, isPassing } = await dumpMachine(this.#options, {
        containerId,
        initPid,
        freezer: path.join(freezer.base, containerId),
        volume,
        mayHold: isPlaced,
      });
      if (outcome.ok || !isPassing || attempt === attemptsMax) return outcome;
      const thawed = await container.thaw(containerId);
      if (!thawed.ok) return thawed;
      await pauseBefore(attempt);
      const frozen = await container.freeze(containerId);
      if (!frozen.ok) return frozen;
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
    const restored = await restoreProcesses({
      program,
      containerId,
      lxcPath: layout.machines,
      directory: layout.paths(containerId).directory,
      from,
      prepare: async (initPid) => {
        const attached = await attachNetwork(initPid);
        return attached.ok ? putNetworkBack(from, initPid) : attached;
      },
    });
    if (!restored.ok) return this.#endFailedRestore(containerId, restored);
    // Still frozen: limits are in force before the first instruction.
    const adopted = await container.adopt(machine);
    if (!adopted.ok) return this.#endFailedRestore(containerId, adopted);
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

  /**
   * A machine that was caught starting a process, or before it took a connection, goes on for an instant:
   * see {@link isStartingProcess} and {@link hasWaitingConnection}.
   */
  async #settle(containerId: string, initPid: number): Promise<Outcome<undefined>> {
    const { container, cgroups } = this.#options;
    for (let moment = 0; ; moment += 1) {
      const starts = isStartingProcess(cgroups.processes(containerId));
      if (!starts && !hasWaitingConnection(initPid)) return done;
      if (moment === momentsMax) {
        const reason = starts ? 'A process is all the time starting others.' : 'A connection is not taken.';
        return fail('CAPABILITY_MISSING', reason);
      }
      const thawed = await container.thaw(containerId);
      if (!thawed.ok) return thawed;
      await delay(moment);
      const frozen = await container.freeze(containerId);
      if (!frozen.ok) return frozen;
    }
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
