import { existsSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { done, fail, succeed, type Outcome } from '../../../outcome.ts';
import { leaveControllersOut } from './group-properties.ts';
import type { DumpFacts } from './host-features.ts';
import { armPeriodicTimers } from './periodic-timers.ts';
import { bindWatchedLinks } from './watched-links.ts';

/** Of statfs(2). */
const btrfsMagic = 0x9123_683e;

type Change = (image: Buffer) => Outcome<Buffer> | Promise<Outcome<Buffer>>;

/**
 * Puts right, before a restore, what CRIU would bring back otherwise than it was: see {@link armPeriodicTimers},
 * {@link bindWatchedLinks} and {@link leaveControllersOut}. `from` is the memory directory in the volume. Repeatable.
 */
export async function amendImages(
  volume: string,
  from: string,
  { controllers }: DumpFacts,
): Promise<Outcome<undefined>> {
  const isBtrfs = statfsSync(volume).type === btrfsMagic;
  const openFiles: Change = (image) => {
    const armed = armPeriodicTimers(image);
    return isBtrfs ? bindWatchedLinks(volume, armed) : succeed(armed);
  };
  // What the daemon turns on itself: dumps that were made before it did so have CRIU do it.
  const groups: Change = (image) =>
    succeed(Object.keys(controllers).length === 0 ? image : leaveControllersOut(image));
  try {
    const amended = await amend(path.join(from, 'files.img'), openFiles);
    return amended.ok ? await amend(path.join(from, 'cgroup.img'), groups) : amended;
  } catch {
    return fail('DRIVER_FAILED', 'The snapshot’s memory could not be fitted to the machine’s disk.');
  }
}

async function amend(file: string, change: Change): Promise<Outcome<undefined>> {
  if (!existsSync(file)) return done;
  const image = readFileSync(file);
  const amended = await change(image);
  if (!amended.ok) return amended;
  if (amended.value.equals(image)) return done;
  writeFileSync(`${file}.amended`, amended.value, { mode: 0o600 });
  renameSync(`${file}.amended`, file);
  return done;
}
