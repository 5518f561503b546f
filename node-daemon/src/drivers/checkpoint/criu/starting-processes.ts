import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/** System calls in which a process waits for the child that it has just made: vfork and its relatives. */
const cloneCalls: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['56', '58', '435'],
  aarch64: ['220', '435'],
};

/**
 * Whether one of these processes, which stand still, is in the middle of starting another: it can't be
 * stopped before its child goes on, and CRIU would wait in vain.
 */
export function isStartingProcess(pids: readonly number[]): boolean {
  return pids.some((pid) => waitsForItsChild(readCall(pid), os.machine()));
}

/** Reads the line of /proc/PID/syscall: the number of the call comes first; `running` and -1 are none. */
export function waitsForItsChild(line: string, architecture: string): boolean {
  return cloneCalls[architecture]?.includes(line.split(' ')[0] ?? '') === true;
}

/**
 * Whether one of these processes is a service's on its way: systemd has made it, and it is to become the service's
 * program in some milliseconds. CRIU holds such a one, but can't bring it back (PR_SET_MM_MAP says EBADF).
 */
export function isStartingService(pids: readonly number[]): boolean {
  return pids.some((pid) => {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      return preparesService(name, readlinkSync(`/proc/${pid}/exe`));
    } catch {
      return false;
    }
  });
}

/**
 * Until then it runs systemd's executor, or in older versions systemd itself under the program's name in brackets.
 * The process that watches over a PAM session stays such a one.
 */
export function preparesService(name: string, executable: string): boolean {
  if (name === '(sd-pam)') return false;
  const isNamedAfter = name.startsWith('(') && name.endsWith(')');
  return executable.endsWith('/systemd-executor') || (isNamedAfter && executable.endsWith('/systemd'));
}

function readCall(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/syscall`, 'utf8');
  } catch {
    return '';
  }
}
