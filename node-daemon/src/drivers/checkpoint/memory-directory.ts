import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runBriefly } from '../../command-shell/run-briefly.ts';
import { describeError, done, fail, type Outcome } from '../../outcome.ts';

const mountTimeoutMs = 10_000;
/** Some gigabytes may have to be written to the disk. */
const copyTimeoutMs = 600_000;
/** What must stay free of the host's memory when a dump is held in it. */
const hostReserveBytes = 1024 ** 3;

/**
 * Where the memory of a machine is kept in its volume or in a snapshot of it: beside the root of the machine,
 * which can't see it, and in the same tree, so that one file-system snapshot covers both.
 */
export function memoryDirectoryOf(volume: string): string {
  return path.join(volume, 'memory');
}

/** Removes the memory from a volume, where it has done its work or is out of date. */
export async function discardMemory(volume: string): Promise<Outcome<undefined>> {
  const directory = memoryDirectoryOf(volume);
  if (!existsSync(directory)) return done;
  try {
    // A process that stands still may have a file of a CRIU open that was killed, until it goes on.
    while (isHeldInHostMemory(volume)) await run('umount', '--lazy', directory);
    await rm(directory, { recursive: true, force: true });
    return done;
  } catch {
    return fail('DRIVER_FAILED', 'The machine’s memory image could not be removed.');
  }
}

/**
 * Lets what is written into an existing, empty memory directory stay in the host's memory, up to `bytes`: it is
 * written in a third of the time, and copying the volume takes no part in it. {@link placeMemory} then brings it
 * to the disk. Gives false, with nothing changed, when the host has no ample memory for it.
 */
export async function holdInHostMemory(volume: string, bytes: number): Promise<boolean> {
  if (readAvailableBytes() < 2 * bytes + hostReserveBytes) return false;
  const options = `size=${bytes},mode=700,nosuid,nodev,noexec`;
  const directory = memoryDirectoryOf(volume);
  // Large pages make it faster still, where the kernel has them.
  for (const each of [`${options},huge=within_size`, options]) {
    try {
      await run('mount', '-t', 'tmpfs', '-o', each, 'tmpfs', directory);
      return true;
    } catch {
      continue;
    }
  }
  return false;
}

/** Whether the volume's memory directory is one of {@link holdInHostMemory}. */
export function isHeldInHostMemory(volume: string): boolean {
  const directory = memoryDirectoryOf(volume);
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  return stat !== undefined && stat.dev !== lstatSync(volume).dev;
}

/**
 * Completes `copy`, a copy of the volume, by the memory that the host holds for it. Fails when the copy has no
 * whole memory afterwards: the host lost it by going down, or the dump never ended.
 */
export async function placeMemory(volume: string, copy: string): Promise<Outcome<undefined>> {
  const [held, target] = [memoryDirectoryOf(volume), memoryDirectoryOf(copy)];
  try {
    if (isHeldInHostMemory(volume)) {
      mkdirSync(target, { recursive: true, mode: 0o700 });
      const entries = readdirSync(held).map((name) => path.join(held, name));
      await runBriefly({
        command: 'cp',
        argv: ['-a', '--sparse=always', '--remove-destination', '-t', target, '--', ...entries],
        timeoutMs: copyTimeoutMs,
      });
    }
  } catch (error) {
    if (/No space left/.test(describeError(error)))
      return fail('CAPACITY_EXCEEDED', 'The host’s disk has no room for the memory.');
    return fail('DRIVER_FAILED', 'The machine’s memory could not be written to the disk.');
  }
  if (existsSync(path.join(target, 'facts.json'))) return done;
  return fail('DRIVER_FAILED', 'The machine’s memory was lost before it reached the disk.');
}

function readAvailableBytes(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return Number(/^MemAvailable:\s*([0-9]+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

async function run(command: string, ...argv: readonly string[]): Promise<void> {
  await runBriefly({ command, argv, timeoutMs: mountTimeoutMs });
}
