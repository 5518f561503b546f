import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError, done, fail, type Outcome } from '../../../outcome.ts';
import { runCommand } from '../../storage/run-command.ts';
import { discardMemory, isHeldInHostMemory, memoryDirectoryOf } from '../memory-directory.ts';
import { preDumpArguments } from './criu-arguments.ts';
import type { CriuCheckpointOptions } from './criu-checkpoint.ts';
import { runCriu, StuckCriuError } from './criu-run.ts';
import type { DumpMachine } from './dump-machine.ts';
import { dumpBytesMax, hasRoom, makeReadable, noRoom, openMemoryDirectory } from './memory-room.ts';
import { isWorthKeeping, passesMax, wantsPass } from './pre-dump-passes.ts';
import { recordPreDump } from './pre-dump-record.ts';
import { readReason } from './restore-machine.ts';
import { findHold, settleMachine } from './settle-machine.ts';

/** What CRIU says, once in some dozens of times, of a page that is not marked and that the pass before has not seen. */
const lostTrack = /Missing \S+ in parent pagemap/;

/**
 * Writes the pages of a running machine into its memory directory, made anew, and has the kernel mark what is written
 * to from then on, so that the dump has to hold only that. Small machines are left alone. On failure, which keeps no
 * machine from being dumped as a whole, nothing is left but that it may stand still. Rejects with `StuckCriuError`.
 */
export async function preDumpMachine(
  options: CriuCheckpointOptions,
  request: DumpMachine,
): Promise<Outcome<undefined>> {
  const { containerId, volume, initPid, mayHold } = request;
  const residentBytes = readAnonymousBytes(options.cgroups.processes(containerId));
  const count = passesMax(residentBytes);
  if (count === 0) return discardMemory(volume);
  const { ramdisk } = options.layout.paths(containerId);
  // Each pass may have to write all of it, and the dump once more.
  const needed = dumpBytesMax(options.cgroups.tree, containerId, ramdisk) + count * residentBytes;
  const write = async (): Promise<Outcome<string>> => {
    const opened = await openMemoryDirectory(volume, needed, mayHold);
    return opened.ok ? runPasses(options, request, residentBytes) : opened;
  };
  const first = await write();
  const written = !first.ok && lostTrack.test(first.failure.message) ? await write() : first;
  if (!written.ok) {
    await discardMemory(volume);
    return written;
  }
  const into = memoryDirectoryOf(volume);
  // What is on its way to the disk would hold up the copy of the volume, for which the machine stands still.
  if (!isHeldInHostMemory(volume)) await runCommand('sync', '--file-system', into);
  recordPreDump(into, initPid, written.value);
  return done;
}

/** Gives the directory of the last pass, relative to the memory directory. */
async function runPasses(
  options: CriuCheckpointOptions,
  machine: DumpMachine,
  residentBytes: number,
): Promise<Outcome<string>> {
  const { volume } = machine;
  const passes: number[] = [];
  const nameOf = (pass: number): string => `pre-${pass}`;
  while (wantsPass(residentBytes, passes)) {
    if (!(await hasRoom(volume, residentBytes))) return noRoom;
    const into = path.join(memoryDirectoryOf(volume), nameOf(passes.length + 1));
    makeReadable(into);
    const parent = passes.length === 0 ? null : path.join('..', nameOf(passes.length));
    const written = await runPass(options, machine, into, parent);
    if (!written.ok) return written;
    passes.push(pagesBytes(into));
  }
  if (isWorthKeeping(passes)) return { ok: true, value: nameOf(passes.length) };
  return fail('CAPABILITY_MISSING', 'The machine’s memory changes as fast as it can be written.');
}

/**
 * The machine stands still before CRIU looks at it: CRIU, which would stop it as well, could catch it in the middle of
 * starting a process (`vfork`) and then waits in vain for as long as it may.
 */
async function runPass(
  options: CriuCheckpointOptions,
  { containerId, initPid, freezer }: DumpMachine,
  into: string,
  parent: string | null,
): Promise<Outcome<undefined>> {
  const { container } = options;
  const frozen = await container.freeze(containerId);
  if (!frozen.ok) return frozen;
  const settled = await settleMachine(options, containerId, findHold);
  if (!settled.ok) return settled;
  const argv = preDumpArguments({ initPid, into, freezer, parent });
  const over = new AbortController();
  const run = runCriu(options, containerId, argv).finally(() => over.abort());
  // Both, however the other ends: whoever freezes the machine next must not be undone by this.
  const ends = await Promise.allSettled([run, letGoOn(options, containerId, into, over.signal)]);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed === undefined) return done;
  if (failed.reason instanceof StuckCriuError) throw failed.reason;
  const reason = readReason(path.join(into, 'pre-dump.log')) ?? describeError(failed.reason);
  return fail('CAPABILITY_MISSING', `The machine’s memory could not be written beforehand: ${reason}.`);
}

/**
 * Lets the machine go on as soon as CRIU has let go of it, or is over. CRIU has its group thawed while it holds the
 * processes itself, and freezes it again when it hands them back; then it begins to write their pages.
 */
async function letGoOn(
  { container, cgroups }: CriuCheckpointOptions,
  containerId: string,
  into: string,
  over: AbortSignal,
): Promise<void> {
  const isHandedBack = (): boolean => hasPages(into) && cgroups.tree.isHeld(containerId);
  while (!over.aborted && !isHandedBack()) await delay(1);
  await container.thaw(containerId);
}

/** Whether CRIU has begun to write what belongs into a directory of images. */
function hasPages(directory: string): boolean {
  return readdirSync(directory).some((name) => /^pagemap-[0-9]+\.img$/.test(name));
}

/** Bytes of all pages in a directory of images. */
export function pagesBytes(directory: string): number {
  const files = readdirSync(directory).filter((name) => /^pages-[0-9]+\.img$/.test(name));
  return files.reduce((sum, name) => sum + statSync(path.join(directory, name)).size, 0);
}

/** Memory that these processes have to themselves; those that end meanwhile count as nothing. */
function readAnonymousBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readAnonymous(pid), 0);
}

function readAnonymous(pid: number): number {
  try {
    const kibibytes = /^RssAnon:\s*([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
