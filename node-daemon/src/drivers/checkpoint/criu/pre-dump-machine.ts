import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describeError, done, fail, type Outcome } from '../../../outcome.ts';
import { runCommand } from '../../storage/run-command.ts';
import { discardMemory, isHeldInHostMemory, memoryDirectoryOf } from '../memory-directory.ts';
import { preDumpArguments } from './criu-arguments.ts';
import type { CriuCheckpointOptions } from './criu-checkpoint.ts';
import type { DumpMachine } from './dump-machine.ts';
import {
  dumpBytesMax,
  hasRoom,
  lockOf,
  makeReadable,
  noRoom,
  openMemoryDirectory,
  runCriu,
} from './memory-room.ts';
import { isWorthKeeping, passesMax, wantsPass } from './pre-dump-passes.ts';
import { recordPreDump } from './pre-dump-record.ts';
import { readReason } from './restore-machine.ts';

/**
 * Writes the pages of a running machine into its memory directory, made anew, and has the kernel mark what is written
 * to from then on, so that the dump has to hold only that. Small machines are left alone. On failure, which keeps no
 * machine from being dumped as a whole, nothing is left.
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
  const opened = await openMemoryDirectory(volume, needed, mayHold);
  const written = opened.ok ? await runPasses(options, request, residentBytes) : opened;
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
  { containerId, initPid, freezer, volume }: DumpMachine,
  residentBytes: number,
): Promise<Outcome<string>> {
  const lock = lockOf(options.layout, containerId);
  const passes: number[] = [];
  const nameOf = (pass: number): string => `pre-${pass}`;
  while (wantsPass(residentBytes, passes)) {
    if (!(await hasRoom(volume, residentBytes))) return noRoom;
    const into = path.join(memoryDirectoryOf(volume), nameOf(passes.length + 1));
    makeReadable(into);
    const parent = passes.length === 0 ? null : path.join('..', nameOf(passes.length));
    try {
      await runCriu(lock, options.program.file, preDumpArguments({ initPid, into, freezer, parent }));
    } catch (error) {
      const reason = readReason(path.join(into, 'pre-dump.log')) ?? describeError(error);
      return fail('CAPABILITY_MISSING', `The machine’s memory could not be written beforehand: ${reason}.`);
    }
    passes.push(pagesBytes(into));
  }
  if (isWorthKeeping(passes)) return { ok: true, value: nameOf(passes.length) };
  return fail('CAPABILITY_MISSING', 'The machine’s memory changes as fast as it can be written.');
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
