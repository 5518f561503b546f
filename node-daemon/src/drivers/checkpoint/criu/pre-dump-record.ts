import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { readProcess } from '../../container/namespaces/processes.ts';

/** Which pages a memory directory holds already, and of whom. */
const PreDumpRecord = z.strictObject({
  init_pid: z.number().int().positive(),
  /** Of that process, in clock ticks since the host's boot: a later one may have its number. */
  start_ticks: z.number().int().nonnegative(),
  boot_id: z.string(),
  /** Directory of the last pass, relative to the memory directory. */
  parent: z.string().regex(/^pre-[1-9]$/),
});

/** Records that `parent` in a memory directory has the pages of the machine of `initPid`. */
export function recordPreDump(directory: string, initPid: number, parent: string): void {
  const record = { ...identityOf(initPid), parent } satisfies z.infer<typeof PreDumpRecord>;
  writeFileSync(fileIn(directory), JSON.stringify(record), { mode: 0o600 });
}

/**
 * Gives the directory of the pages that were written beforehand, for one use: a dump on top of it resets the kernel's
 * marks, so that nothing could tell any more what changed before that dump. Null when there are none, or when they
 * are of another run of the machine.
 */
export function takePreDump(directory: string, initPid: number): string | null {
  try {
    const record = PreDumpRecord.parse(JSON.parse(readFileSync(fileIn(directory), 'utf8')));
    // Gone before it is used: who repeats an interrupted dump must not find it.
    rmSync(fileIn(directory));
    const { parent, ...recorded } = record;
    return JSON.stringify(recorded) === JSON.stringify(identityOf(initPid)) ? parent : null;
  } catch {
    return null;
  }
}

function identityOf(initPid: number): Omit<z.infer<typeof PreDumpRecord>, 'parent'> {
  const process = readProcess(initPid);
  if (process === undefined) throw new Error('The machine ended.');
  return {
    init_pid: initPid,
    start_ticks: process.startTicks,
    boot_id: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  };
}

function fileIn(directory: string): string {
  return path.join(directory, 'pre-dump.json');
}
