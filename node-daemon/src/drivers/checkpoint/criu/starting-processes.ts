import { readFileSync } from 'node:fs';
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

function readCall(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/syscall`, 'utf8');
  } catch {
    return '';
  }
}
