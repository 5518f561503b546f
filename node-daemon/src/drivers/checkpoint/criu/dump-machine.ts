import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileDurably } from '../../../durable-file.ts';
import { describeError, done, fail, type Outcome } from '../../../outcome.ts';
import { machineRootUid } from '../../container/lxc/layout.ts';
import { copyRamdisk } from '../../container/lxc/replace-ramdisk.ts';
import { ramdiskUsage } from '../../container/namespaces/ramdisk.ts';
import { runCommand } from '../../storage/run-command.ts';
import { discardMemory, holdInHostMemory, memoryDirectoryOf } from '../memory-directory.ts';
import { cgroupRootArguments } from './cgroup-roots.ts';
import { dumpArguments } from './criu-arguments.ts';
import type { CriuCheckpointOptions } from './criu-checkpoint.ts';
import { findBlockers, type MachineView } from './find-blockers.ts';
import { readHostFeatures, type DumpFacts } from './host-features.ts';
import { lookAtMachine, showsRamdisk } from './look-at-machine.ts';
import { holdNetwork, readNetwork } from './machine-network.ts';
import { findNetworkChanges, type NetworkView } from './network-view.ts';
import { readReason } from './restore-machine.ts';

type DumpMachine = {
  readonly containerId: string;
  readonly initPid: number;
  /** Directory of the machine's group in the freezer's hierarchy. */
  readonly freezer: string;
  readonly volume: string;
  /** Whether the host's memory may hold it until it is placed: see `holdInHostMemory`. */
  readonly mayHold: boolean;
};

/** `isPassing`: what was in the way is gone in a moment when the machine goes on. */
type DumpEnd = { readonly outcome: Outcome<undefined>; readonly isPassing: boolean };

/** What belongs to the machine and what CRIU does not hold. */
type Held = {
  readonly view: MachineView;
  readonly ramdisk: string | null;
  readonly network: NetworkView | undefined;
};

/** Room that must stay free when memory is written; what CRIU writes beside the pages is in it. */
const reserveBytes = 64 * 1024 * 1024;
/** Blockers that are named in one refusal. */
const namedMax = 3;
/**
 * What CRIU says of things on their way, as while a system boots: connections, descriptors and messages that one
 * side has sent and the other not yet taken; watches of files that have just been removed (systemd's of the
 * groups of services that ended), before the watcher has read of it.
 */
const passingReasons = /in-flight|Control messages in queue|Can't dump that handle|suitable path for handle/i;

/** Where the content of the memory disk is kept in a memory directory. */
export function ramdiskIn(directory: string): string {
  return path.join(directory, 'ramdisk');
}

/** One attempt to dump a machine that stands still. On failure nothing is left, and it stands still again. */
export async function dumpMachine(options: CriuCheckpointOptions, request: DumpMachine): Promise<DumpEnd> {
  const { containerId, initPid, volume } = request;
  // A process may have come in between the first look and the freeze.
  const view = lookAtMachine(initPid, options.cgroups.processes(containerId));
  const blockers = findBlockers(view);
  if (blockers.length > 0) return { outcome: cantBeHeld(blockers), isPassing: true };
  const { ramdisk } = options.layout.paths(containerId);
  const heldRamdisk = showsRamdisk(initPid) && existsSync(ramdisk) ? ramdisk : null;
  // Beside the dump: nothing changes any more.
  const reading = readNetwork(initPid).catch(() => undefined);
  const ended = await runDump(options, request, heldRamdisk);
  const held = { view, ramdisk: heldRamdisk, network: await reading };
  const outcome = ended.outcome.ok ? await complete(options, request, held) : ended.outcome;
  if (outcome.ok) return { outcome, isPassing: false };
  await discardMemory(volume);
  // CRIU may have let the machine go.
  await options.container.freeze(containerId);
  return { outcome, isPassing: ended.isPassing };
}

/**
 * A dump of a daemon that was killed goes on, holding the lock: the next one waits for its end. It is never
 * killed itself, because that would leave its code in the processes that it looks at.
 */
async function runDump(
  options: CriuCheckpointOptions,
  request: DumpMachine,
  ramdisk: string | null,
): Promise<DumpEnd> {
  const { containerId, initPid, freezer } = request;
  const into = memoryDirectoryOf(request.volume);
  const lock = path.join(options.layout.paths(containerId).directory, 'dump.lock');
  if (existsSync(into)) await runCommand('flock', '--exclusive', lock, 'true');
  const prepared = await prepareDirectory(options, request, ramdisk);
  if (!prepared.ok) return { outcome: prepared, isPassing: false };
  const dump = dumpArguments({
    initPid,
    into,
    freezer,
    cgroupRoots: cgroupRootArguments(readFileSync(`/proc/${initPid}/cgroup`, 'utf8'), containerId),
    hasRamdisk: ramdisk !== null,
  });
  try {
    await runCommand('flock', '--exclusive', lock, options.program.file, ...dump);
    return { outcome: done, isPassing: false };
  } catch (error) {
    const reason = readReason(path.join(into, 'dump.log'));
    if (/No space left/.test(`${reason} ${describeError(error)}`))
      return { outcome: noRoom, isPassing: false };
    const outcome = fail(
      'CAPABILITY_MISSING',
      `The machine’s memory can’t be held: ${reason ?? 'CRIU gave no reason'}.`,
    );
    return { outcome, isPassing: passingReasons.test(reason ?? '') };
  }
}

const noRoom = fail('CAPACITY_EXCEEDED', 'The host’s disk has no room for the memory.');

async function prepareDirectory(
  { cgroups }: CriuCheckpointOptions,
  { containerId, volume, mayHold }: DumpMachine,
  ramdisk: string | null,
): Promise<Outcome<undefined>> {
  const discarded = await discardMemory(volume);
  if (!discarded.ok) return discarded;
  const ramdiskUsed = ramdisk === null ? 0 : (ramdiskUsage(ramdisk) ?? 0);
  const needed = (cgroups.tree.usage(containerId).memoryBytes ?? 0) + ramdiskUsed + reserveBytes;
  const { bavail, bsize } = await statfs(volume);
  if (bavail * bsize < needed) return noRoom;
  const into = memoryDirectoryOf(volume);
  mkdirSync(into, { mode: 0o700 });
  // A restore reads it as root of the machine in part; nobody else on the host may.
  chownSync(into, 0, machineRootUid);
  chmodSync(into, 0o710);
  if (mayHold) await holdInHostMemory(volume, needed);
  return done;
}

/** Checks that the dump is whole and adds what CRIU does not hold; its facts come last. */
async function complete(
  options: CriuCheckpointOptions,
  { containerId, volume }: DumpMachine,
  { view, ramdisk, network }: Held,
): Promise<Outcome<undefined>> {
  const into = memoryDirectoryOf(volume);
  const processes = view.processes.filter((process) => !process.isZombie);
  const missing = processes.filter(({ innerPid }) => !existsSync(path.join(into, `core-${innerPid}.img`)));
  if (missing.length > 0) {
    const names = missing.slice(0, namedMax).map(({ name, innerPid }) => `${name} (process ${innerPid})`);
    return fail('CAPABILITY_MISSING', `Left out of the machine’s memory: ${names.join(', ')}.`);
  }
  if (ramdisk !== null) {
    const kept = await copyRamdisk(ramdisk, ramdiskIn(into));
    if (!kept.ok) return kept;
  }
  if (network === undefined) return fail('DRIVER_FAILED', 'The machine’s network could not be read.');
  const changes = findNetworkChanges(network, options.connectionOf(containerId));
  if (changes.length > 0) return cantBeHeld(changes);
  holdNetwork(into, network);
  const facts: DumpFacts = {
    format: 1,
    ...readHostFeatures(options.program.version),
    processes: processes.length,
    ramdisk: ramdisk !== null,
  };
  writeFileDurably(path.join(into, 'facts.json'), JSON.stringify(facts));
  return done;
}

/** How long a machine goes on before its `attempt`-th try, when something passing was in the way of the others. */
export function pauseBefore(attempt: number): Promise<void> {
  return delay(Math.min(20 * 2 ** attempt, 500));
}

function cantBeHeld(reasons: readonly string[]): Outcome<never> {
  return fail('CAPABILITY_MISSING', reasons.slice(0, namedMax).join(' '));
}
