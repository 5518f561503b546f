import { readFileSync } from 'node:fs';

/** A process and when it began, so that a later process with the same id is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the kernel's ticks since boot; null where the system does not tell. */
  readonly startTime: string | null;
}

function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** One line for a file, read back by {@link readIdentity}. */
export function identityLine(pid: number): string {
  return `${pid} ${startTimeOf(pid) ?? ''}\n`;
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
  return startTime === null || startTime === startTimeOf(pid);
}
