import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileDurably } from '../../../durable-file.ts';
import { describeError, done, fail, succeed, type Outcome } from '../../../outcome.ts';
import { copyRamdisk } from '../../container/lxc/replace-ramdisk.ts';
import { discardMemory, memoryDirectoryOf } from '../memory-directory.ts';
import { cgroupRootArguments } from './cgroup-roots.ts';
import { dumpArguments } from './criu-arguments.ts';
import type { CriuCheckpointOptions } from './criu-checkpoint.ts';
import { runCriu, StuckCriuError } from './criu-run.ts';
import { findBlockers, type MachineView } from './find-blockers.ts';
import { readHostFeatures, type DumpFacts } from './host-features.ts';
import { lookAtMachine, showsRamdisk } from './look-at-machine.ts';
import { findGroupDevice, hasLostEvents } from './lost-events.ts';
import { holdNetwork, readNetwork } from './machine-network.ts';
import { dumpBytesMax, hasRoom, noRoom, openMemoryDirectory } from './memory-room.ts';
import { findNetworkChanges, type NetworkView } from './network-view.ts';
import { takePreDump } from './pre-dump-record.ts';
import { readReason } from './restore-machine.ts';

/** A machine whose memory is to be written, now or by the dump that comes after. */
export type DumpMachine = {
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

/** Blockers that are named in one refusal. */
const namedMax = 3;
/**
 * What CRIU says of things on their way, as while a system boots: connections, descriptors and messages that one
 * side, which may be the kernel, has sent and the other not yet taken; watches of files that have just been removed
 * (systemd's of the groups of services that ended), before the watcher has read of it.
 */
const passingReasons =
  /in-flight|Control messages in queue|socket has data to read|Can't dump that handle|suitable path for handle/i;

const unreadEvents = fail(
  'CAPABILITY_MISSING',
  'The machine’s memory can’t be held: a process has not read of changes to the files that it watches (inotify).',
);

/** Where the content of the memory disk is kept in a memory directory. */
export function ramdiskIn(directory: string): string {
  return path.join(directory, 'ramdisk');
}

/**
 * One attempt to dump a machine that stands still. On failure nothing is left, and it stands still again. Rejects with
 * `StuckCriuError`.
 */
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

/** On top of the pages that were written beforehand, if there are any that can be used. */
async function runDump(
  options: CriuCheckpointOptions,
  request: DumpMachine,
  ramdisk: string | null,
): Promise<DumpEnd> {
  const { containerId, initPid, freezer, volume } = request;
  const into = memoryDirectoryOf(volume);
  const parent = await prepareDirectory(options, request, ramdisk);
  if (!parent.ok) return { outcome: parent, isPassing: false };
  const dump = dumpArguments({
    initPid,
    into,
    freezer,
    cgroupRoots: cgroupRootArguments(readFileSync(`/proc/${initPid}/cgroup`, 'utf8'), containerId),
    hasRamdisk: ramdisk !== null,
    parent: parent.value,
  });
  try {
    await runCriu(options, containerId, dump);
    const isWhole = holdsAllEvents(into, options.cgroups.tree.layout.freezer?.version);
    return isWhole ? { outcome: done, isPassing: false } : { outcome: unreadEvents, isPassing: true };
  } catch (error) {
    if (error instanceof StuckCriuError) throw error;
    // The next attempt is of the whole, whatever kept this one from adding to what was there.
    const isIncremental = parent.value !== null;
    const reason = readReason(path.join(into, 'dump.log'));
    if (/No space left/.test(`${reason} ${describeError(error)}`))
      return { outcome: noRoom, isPassing: isIncremental };
    const outcome = fail(
      'CAPABILITY_MISSING',
      `The machine’s memory can’t be held: ${reason ?? 'CRIU gave no reason'}.`,
    );
    return { outcome, isPassing: isIncremental || passingReasons.test(reason ?? '') };
  }
}

function holdsAllEvents(into: string, freezerVersion: 1 | 2 | undefined): boolean {
  const log = readFileSync(path.join(into, 'dump.log'), 'utf8');
  const mountInfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const groups = freezerVersion === 2 ? findGroupDevice(mountInfo) : undefined;
  return !hasLostEvents(log, readFileSync(path.join(into, 'files.img')), groups);
}

/** Gives the directory with the pages that were written beforehand; null: there are none, it has been made anew. */
async function prepareDirectory(
  { cgroups }: CriuCheckpointOptions,
  { containerId, initPid, volume, mayHold }: DumpMachine,
  ramdisk: string | null,
): Promise<Outcome<string | null>> {
  const needed = dumpBytesMax(cgroups.tree, containerId, ramdisk);
  const parent = takePreDump(memoryDirectoryOf(volume), initPid);
  if (parent !== null && (await hasRoom(volume, needed))) return succeed(parent);
  const opened = await openMemoryDirectory(volume, needed, mayHold);
  return opened.ok ? succeed(null) : opened;
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
    controllers: options.cgroups.controllers(containerId),
  };
  writeFileDurably(path.join(into, 'facts.json'), JSON.stringify(facts));
  return done;
}

/** How long a machine goes on before its `attempt`-th try, when something passing was in the way of the others. */
export function pauseBeforeMs(attempt: number): number {
  return Math.min(20 * 2 ** attempt, 500);
}

function cantBeHeld(reasons: readonly string[]): Outcome<never> {
  return fail('CAPABILITY_MISSING', reasons.slice(0, namedMax).join(' '));
}
