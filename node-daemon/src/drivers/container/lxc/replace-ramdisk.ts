import { existsSync, mkdirSync } from 'node:fs';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { describeError, done, fail, type Outcome } from '../../../outcome.ts';
import { mountRamdisk, ramdiskUsage, removeRamdisk } from '../namespaces/ramdisk.ts';

const timeoutMs = 120_000;

/** Copies what is on a memory disk into a new directory, with owners, modes, times, links and attributes. */
export async function copyRamdisk(ramdisk: string, into: string): Promise<Outcome<undefined>> {
  mkdirSync(into, { mode: 0o700 });
  return copyAll(ramdisk, into);
}

/**
 * Puts what {@link copyRamdisk} kept in `from` in the place of a mounted memory disk, which is kept beside until
 * {@link dropReplacedRamdisk} or {@link putRamdiskBack}. The machine must not be running.
 */
export async function replaceRamdisk(
  ramdisk: string,
  from: string,
  { bytes, rootUid }: { readonly bytes: number; readonly rootUid: number },
): Promise<Outcome<undefined>> {
  const returned = await putRamdiskBack(ramdisk);
  if (!returned.ok) return returned;
  try {
    mkdirSync(replacedName(ramdisk), { recursive: true });
    await run('mount', '--bind', ramdisk, replacedName(ramdisk));
    await run('umount', ramdisk);
  } catch {
    return fail('DRIVER_FAILED', 'The memory disk could not be replaced.');
  }
  const mounted = await mountRamdisk(ramdisk, bytes, rootUid);
  return mounted.ok ? copyAll(from, ramdisk) : mounted;
}

/** Takes a replacement back; nothing happens when there is none. */
export async function putRamdiskBack(ramdisk: string): Promise<Outcome<undefined>> {
  if (ramdiskUsage(replacedName(ramdisk)) === null) return done;
  try {
    if (ramdiskUsage(ramdisk) !== null) await run('umount', ramdisk);
    await run('mount', '--bind', replacedName(ramdisk), ramdisk);
  } catch {
    return fail('DRIVER_FAILED', 'The memory disk could not be put back.');
  }
  return dropReplacedRamdisk(ramdisk);
}

/** Lets go of what was replaced; nothing happens when there is none. */
export async function dropReplacedRamdisk(ramdisk: string): Promise<Outcome<undefined>> {
  const replaced = replacedName(ramdisk);
  return existsSync(replaced) ? removeRamdisk(replaced) : done;
}

function replacedName(ramdisk: string): string {
  return `${ramdisk}.replaced`;
}

async function copyAll(from: string, into: string): Promise<Outcome<undefined>> {
  try {
    await run('cp', '-a', '--sparse=always', '--', `${from}/.`, into);
    return done;
  } catch (error) {
    if (/No space left/.test(describeError(error)))
      return fail('CAPACITY_EXCEEDED', 'There is no room for the content of the memory disk.');
    return fail('DRIVER_FAILED', 'The content of the memory disk could not be copied.');
  }
}

async function run(command: string, ...argv: readonly string[]): Promise<void> {
  await runBriefly({ command, argv, timeoutMs });
}
