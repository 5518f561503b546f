import { rm } from 'node:fs/promises';
import path from 'node:path';
import { done, fail, type Outcome } from '../../outcome.ts';

/**
 * Where the memory of a machine is kept in its volume or in a snapshot of it: beside the root of the machine,
 * which can't see it, and in the same tree, so that one file-system snapshot covers both.
 */
export function memoryDirectoryOf(volume: string): string {
  return path.join(volume, 'memory');
}

/** Removes the memory from a volume, where it has done its work or is out of date. */
export async function discardMemory(volume: string): Promise<Outcome<undefined>> {
  try {
    await rm(memoryDirectoryOf(volume), { recursive: true, force: true });
    return done;
  } catch {
    return fail('DRIVER_FAILED', 'The machine’s memory image could not be removed.');
  }
}
