/**
 * What a stack that was killed leaves running: workerd still holds its port and the objects' files, the
 * daemon still serves the machine. Both must be gone before the next stack starts on the same folder.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endLeftoverDaemon } from './daemon-process.ts';
import { DataDirectoryBusyError, lockHolder } from './data-directory.ts';
import { identityOf, waitForEnd } from './process-identity.ts';

const MARK = 'CONTROL_PLANE_OBJECTS';
const END_MS_MAX = 10_000;

/** The variable that marks a workerd process as one of the stack with this objects folder. */
export function workerdMark(objectsFolder: string): Record<string, string> {
  return { [MARK]: objectsFolder };
}

function isMarkedWorkerd(pid: string, objectsFolder: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'workerd') return false;
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return environment.includes(`${MARK}=${objectsFolder}`);
  } catch {
    // It ended meanwhile, or belongs to someone else.
    return false;
  }
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

async function endLeftoverWorkerd(objectsFolder: string): Promise<void> {
  for (const pid of processIds()) {
    if (!isMarkedWorkerd(pid, objectsFolder)) continue;
    const leftover = identityOf(Number(pid));
    process.kill(leftover.pid, 'SIGKILL');
    await waitForEnd(leftover, END_MS_MAX);
  }
}

/**
 * Ends what an earlier stack of this folder left running.
 *
 * @throws DataDirectoryBusyError when that stack is alive
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  const folder = resolve(dataDir);
  const holder = lockHolder(folder);
  if (holder !== null && holder !== process.pid) throw new DataDirectoryBusyError(folder, holder);
  await Promise.all([
    endLeftoverWorkerd(join(folder, 'objects')),
    endLeftoverDaemon(join(folder, 'daemon.pid')),
  ]);
}
