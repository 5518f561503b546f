import { readFileSync, readlinkSync, readdirSync } from 'node:fs';

/** A process that can't be mistaken for a later one with the same number. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks since boot. */ readonly startTicks: number;
};

/** What /proc says about a process. `state` is a letter of proc(5), `Z` for a zombie. */
export type ProcessStatus = ProcessIdentity & { readonly state: string; readonly parentPid: number };

/** Parses the one line of /proc/PID/stat; the name in parentheses may hold anything. */
export function parseProcessStatus(line: string): ProcessStatus | undefined {
  const nameEnd = line.lastIndexOf(')');
  const fields = line.slice(nameEnd + 2).split(' ');
  const pid = Number.parseInt(line, 10);
  const state = fields[0];
  const parentPid = Number(fields[1]);
  const startTicks = Number(fields[19]);
  if (nameEnd < 0 || state === undefined || !Number.isInteger(pid) || !Number.isInteger(startTicks))
    return undefined;
  return { pid, state, parentPid, startTicks };
}

/** The process with number `pid`, or undefined when there is none. */
export function readProcess(pid: number): ProcessStatus | undefined {
  try {
    return parseProcessStatus(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = readProcess(identity.pid);
  return (
    now !== undefined && now.startTicks === identity.startTicks && now.state !== 'Z' && now.state !== 'X'
  );
}

/** Sends a signal if exactly this process is still there. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between: what the signal was for has happened.
  }
}

/** All process numbers of the host. */
export function listProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}

/** Host numbers of all processes in the same pid namespace as `initPid`, pid 1 of it first. */
export function processesOfNamespace(initPid: number): number[] {
  const namespace = readNamespace(initPid);
  if (namespace === undefined) return [];
  const members = listProcesses().filter((pid) => pid !== initPid && readNamespace(pid) === namespace);
  return [initPid, ...members];
}

function readNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** One value of a process's environment at its start; undefined when it is not set or not readable. */
export function readEnvironmentVariable(pid: number, name: string): string | undefined {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    const entry = entries.find((candidate) => candidate.startsWith(`${name}=`));
    return entry?.slice(name.length + 1);
  } catch {
    return undefined;
  }
}
