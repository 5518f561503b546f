import { readFileSync } from 'node:fs';

const POLL_MS = 20;

/** A process and when it began, so that a later process with the same id is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the kernel's ticks since boot; null where the system does not tell. */
  readonly startTime: string | null;
}

/** State letter and start time of a process as the kernel tells them; null: no such process. */
function statOf(pid: number): { state: string; startTime: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
  } catch {
    return null;
  }
}

/** The identity of a process that runs now. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: statOf(pid)?.startTime ?? null };
}

/** One line for a file, read back by {@link readIdentity}. */
export function identityLine(pid: number): string {
  return `${pid} ${identityOf(pid).startTime ?? ''}\n`;
}

/** The process that a file names; null when there is no such file or it names none. */
export function readIdentity(file: string): ProcessIdentity | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  const [first = '', startTime = ''] = text.trim().split(' ');
  const pid = Number(first);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return { pid, startTime: startTime === '' ? null : startTime };
}

/** Whether that very process still lives. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = statOf(pid);
  // A zombie has ended; it only waits to be noticed by its parent.
  if (stat?.state === 'Z') return false;
  return startTime === null || startTime === stat?.startTime;
}

/** Waits until a process has ended, `timeoutMs` at most; false: it has not. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  return true;
}
