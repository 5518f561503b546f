import { existsSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { done, fail, succeed, type Outcome } from '../../../outcome.ts';
import { armPeriodicTimers } from './periodic-timers.ts';
import { bindWatchedLinks } from './watched-links.ts';

/** Of statfs(2). */
const btrfsMagic = 0x9123_683e;

/**
 * Puts right, before a restore, what CRIU would bring back otherwise than it was: see {@link armPeriodicTimers} and
 * {@link bindWatchedLinks}. `from` is the memory directory in the volume. Repeatable.
 */
export async function amendOpenFiles(volume: string, from: string): Promise<Outcome<undefined>> {
  const file = path.join(from, 'files.img');
  if (!existsSync(file)) return done;
  try {
    const image = readFileSync(file);
    const armed = armPeriodicTimers(image);
    const isBtrfs = statfsSync(volume).type === btrfsMagic;
    const amended = isBtrfs ? await bindWatchedLinks(volume, armed) : succeed(armed);
    if (!amended.ok) return amended;
    if (amended.value.equals(image)) return done;
    writeFileSync(`${file}.amended`, amended.value, { mode: 0o600 });
    renameSync(`${file}.amended`, file);
    return done;
  } catch {
    return fail('DRIVER_FAILED', 'The snapshot’s memory could not be fitted to the machine’s disk.');
  }
}
