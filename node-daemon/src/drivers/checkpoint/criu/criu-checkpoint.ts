import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileDurably } from '../../../durable-file.ts';
import { describeError, done, fail, type Outcome } from '../../../outcome.ts';
import { machineRootUid, type LxcLayout } from '../../container/lxc/layout.ts';
import type { LxcDriver } from '../../container/lxc/lxc-driver.ts';
import type { MachineCgroups } from '../../container/lxc/machine-cgroups.ts';
import { runCommand } from '../../storage/run-command.ts';
import type { CheckpointDriver, RestoreRequest } from '../../types.ts';
import { cgroupRootArguments } from './cgroup-roots.ts';
import { dumpArguments } from './criu-arguments.ts';
import type { CriuProgram } from './criu-program.ts';
import { findBlockers, type ProcessView } from './find-blockers.ts';
import { compareFeatures, DumpFacts, readHostFeatures } from './host-features.ts';
import { readProcesses } from './read-processes.ts';
import { isStartingProcess } from './starting-processes.ts';
import { readReason, restoreProcesses } from './restore-machine.ts';

export type CriuCheckpointOptions = {
  readonly program: CriuProgram;
  readonly container: LxcDriver;
  readonly layout: LxcLayout;
  readonly cgroups: MachineCgroups;
};

/** How long the first look waits for blockers to go away. */
const settleMs = 500;
const settlePollMs = 20;
/** Room that must stay free when memory is written. */
const reserveBytes = 64 * 1024 * 1024;
/** How often a machine may be caught in the middle of starting a process; each time it goes on a bit longer. */
const startAttemptsMax = 30;
/** Blockers that are named in one refusal. */
const namedMax = 3;

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
    const { container, cgroups, layout } = this.#options;
    const { initPid } = await container.observe(containerId);
    if (initPid === null) return ['The machine is not running.'];
    return findBlockers({
      initPid,
      processes: readProcesses(cgroups.processes(containerId)),
      devices: readDevices(initPid),
      mounts: readMounts(initPid),
      hasRamdisk:
        readMounts(initPid).some(({ at }) => at === '/ramdisk') &&
        existsSync(layout.paths(containerId).ramdisk),
    });
  }

  async dump(containerId: string, into: string): Promise<Outcome<undefined>> {
    const { program, container, cgroups } = this.#options;
    const observed = await container.observe(containerId);
    const freezer = cgroups.tree.layout.freezer;
    if (observed.initPid === null || observed.state !== 'paused' || freezer === undefined) {
      return fail('WRONG_STATE', 'Only a machine that stands still can be dumped.');
    }
    const settled = await this.#settleStarts(containerId);
    if (!settled.ok) return settled;
    // A process may have come in between the first look and the freeze.
    const blockers = await this.#look(containerId);
    if (blockers.length > 0) return fail('CAPABILITY_MISSING', blockers.slice(0, namedMax).join(' '));
    const processes = readProcesses(cgroups.processes(containerId)).filter((process) => !process.isZombie);
    const needed = cgroups.tree.usage(containerId).memoryBytes ?? 0;
    const { bavail, bsize } = await statfs(path.dirname(into));
    if (bavail * bsize < needed + reserveBytes)
      return fail('CAPACITY_EXCEEDED', 'The host’s disk has no room for the memory.');
    const request = {
      initPid: observed.initPid,
      into,
      freezer: path.join(freezer.base, containerId),
      cgroupRoots: cgroupRootArguments(readFileSync(`/proc/${observed.initPid}/cgroup`, 'utf8'), containerId),
    };
    try {
      await this.#runDump(containerId, into, dumpArguments(request));
    } catch (error) {
      const reason = readReason(path.join(into, 'dump.log'));
      await this.#endFailedDump(containerId, into);
      if (/No space left/.test(`${reason} ${describeError(error)}`)) {
        return fail('CAPACITY_EXCEEDED', 'The host’s disk has no room for the memory.');
      }
      return fail(
        'CAPABILITY_MISSING',
        `The machine’s memory can’t be held: ${reason ?? 'CRIU gave no reason'}.`,
      );
    }
    const missing = processes.filter(({ innerPid }) => !existsSync(path.join(into, `core-${innerPid}.img`)));
    if (missing.length > 0) {
      await this.#endFailedDump(containerId, into);
      const names = missing.slice(0, namedMax).map(({ name, innerPid }) => `${name} (process ${innerPid})`);
      return fail('CAPABILITY_MISSING', `Left out of the machine’s memory: ${names.join(', ')}.`);
    }
    const facts: DumpFacts = { format: 1, ...readHostFeatures(program.version), processes: processes.length };
    writeFileDurably(path.join(into, 'facts.json'), JSON.stringify(facts));
    return done;
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
    if (existsSync(resumed)) {
      // A daemon that is gone let it go on: the disk has changed since, its memory must not come back again.
      const { state } = await container.observe(containerId);
      if (state === 'running') return done;
      return fail('DRIVER_FAILED', 'The machine ended before its restore was settled.');
    }
    // Half restored by a daemon that is gone, or not at all: either way it is begun anew.
    const cleared = await container.kill(containerId);
    if (!cleared.ok) return cleared;
    const configured = await container.writeConfiguration(machine, volume);
    if (!configured.ok) return configured;
    const restored = await restoreProcesses({
      program,
      containerId,
      lxcPath: layout.machines,
      directory: layout.paths(containerId).directory,
      from,
      prepare: attachNetwork,
    });
    if (!restored.ok) return this.#endFailedRestore(containerId, restored);
    // Still frozen: limits are in force before the first instruction.
    const adopted = await container.adopt(machine);
    if (!adopted.ok) return this.#endFailedRestore(containerId, adopted);
    const found = living(readProcesses(cgroups.processes(containerId))).length;
    if (found !== facts.processes) {
      const missing = fail('DRIVER_FAILED', `Of ${facts.processes} processes ${found} came back.`);
      return this.#endFailedRestore(containerId, missing);
    }
    writeFileDurably(resumed, '');
    const thawed = await container.thaw(containerId);
    return thawed.ok ? done : this.#endFailedRestore(containerId, thawed);
  }

  /** A machine that was caught starting a process goes on for an instant: see {@link isStartingProcess}. */
  async #settleStarts(containerId: string): Promise<Outcome<undefined>> {
    const { container, cgroups } = this.#options;
    for (let attempt = 0; isStartingProcess(cgroups.processes(containerId)); attempt += 1) {
      if (attempt === startAttemptsMax)
        return fail('CAPABILITY_MISSING', 'A process is all the time starting others.');
      const thawed = await container.thaw(containerId);
      if (!thawed.ok) return thawed;
      await delay(attempt);
      const frozen = await container.freeze(containerId);
      if (!frozen.ok) return frozen;
    }
    return done;
  }

  /**
   * A dump of a daemon that was killed goes on, holding the lock: the next one waits for its end. It is never
   * killed itself, because that would leave its code in the processes that it looks at.
   */
  async #runDump(containerId: string, into: string, dump: readonly string[]): Promise<void> {
    const lock = path.join(this.#options.layout.paths(containerId).directory, 'dump.lock');
    await runCommand('flock', '--exclusive', lock, 'true');
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { mode: 0o700 });
    // A restore reads it as root of the machine in part; nobody else on the host may.
    chownSync(into, 0, machineRootUid);
    chmodSync(into, 0o710);
    await runCommand('flock', '--exclusive', lock, this.#options.program.file, ...dump);
  }

  /** CRIU may have let the machine go: it stands still again, as it was given. */
  async #endFailedDump(containerId: string, into: string): Promise<void> {
    rmSync(into, { recursive: true, force: true });
    await this.#options.container.freeze(containerId);
  }

  async #endFailedRestore<T>(containerId: string, failed: Outcome<T>): Promise<Outcome<undefined>> {
    await this.#options.container.kill(containerId);
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

function readDevices(initPid: number): string[] {
  const lines = readFileSync(`/proc/${initPid}/net/dev`, 'utf8').split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]?.trim() ?? '').filter((name) => name !== '');
}

function readMounts(initPid: number): { type: string; at: string }[] {
  const lines = readFileSync(`/proc/${initPid}/mountinfo`, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [at, type] = [left?.split(' ')[4], right?.split(' ')[0]];
    return at === undefined || type === undefined ? [] : [{ type, at }];
  });
}
