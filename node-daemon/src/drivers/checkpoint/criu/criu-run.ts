import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '../../../outcome.ts';
import {
  isAlive,
  listProcesses,
  readProcess,
  signalProcess,
  type ProcessIdentity,
} from '../../container/namespaces/processes.ts';
import { runCommand } from '../../storage/run-command.ts';
import type { CriuCheckpointOptions } from './criu-checkpoint.ts';
import { criuEnvironment } from './criu-program.ts';
import { unlockNetwork } from './machine-network.ts';

type Options = Pick<CriuCheckpointOptions, 'program' | 'container' | 'layout'>;

/** How often what a run does is looked at, for each time that it may do nothing. */
const looksPerIdleTime = 10;
/** How long CRIU may take to let go of the processes, and to end once it was killed. */
const endTimeoutMs = 6_000;

/** CRIU did nothing at all for so long that it would never have ended, and was ended. */
export class StuckCriuError extends Error {}

/**
 * Runs CRIU while nothing else of CRIU works on the machine: not what a daemon that was killed began, which goes on.
 * It is not ended while it works, because that can leave its code in the processes that it looks at. Rejects with
 * {@link StuckCriuError} when it did nothing for `idleMaxMs`; the machine then stands still.
 */
export async function runCriu(options: Options, containerId: string, argv: readonly string[]): Promise<void> {
  const environment = Object.entries(criuEnvironment).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...environment, options.program.file, ...argv];
  const run = runCommand('flock', '--exclusive', lockOf(options, containerId), ...command);
  await underWatch(options, containerId, run);
}

/** Waits for the end of what a daemon that was killed began. Rejects as {@link runCriu} does: it is over then, too. */
export async function awaitEarlierRun(options: Options, containerId: string): Promise<void> {
  const run = runCommand('flock', '--exclusive', lockOf(options, containerId), 'true');
  await underWatch(options, containerId, run);
}

function lockOf({ layout }: Options, containerId: string): string {
  return path.join(layout.paths(containerId).directory, 'dump.lock');
}

async function underWatch(options: Options, containerId: string, run: Promise<unknown>): Promise<void> {
  const { idleMaxMs } = options.program;
  let seen = '';
  let since = performance.now();
  let ending: Promise<string> | undefined;
  const look = (): void => {
    const processes = processesOfRun(lockOf(options, containerId));
    const activity = processes.map(({ pid }) => readActivity(pid)).join('\n');
    const now = performance.now();
    if (processes.length === 0 || activity !== seen) [seen, since] = [activity, now];
    else if (now - since > idleMaxMs)
      ending ??= endStuck(options, containerId, processes).catch(describeError);
  };
  const timer = setInterval(look, idleMaxMs / looksPerIdleTime);
  const [ended] = await Promise.allSettled([run]);
  clearInterval(timer);
  if (ending !== undefined) {
    const told = `CRIU did nothing for ${Math.round(idleMaxMs / 1000)} s ${await ending}`;
    throw new StuckCriuError(told, { cause: ended.status === 'rejected' ? ended.reason : undefined });
  }
  if (ended.status === 'rejected') throw ended.reason;
}

/** Ends CRIU and has the machine stand still. Gives what was done, as the rest of a sentence. */
async function endStuck(
  { container }: Options,
  containerId: string,
  processes: readonly ProcessIdentity[],
): Promise<string> {
  const waitedIn = processes.map(({ pid }) => readText(pid, 'wchan') || 'user space').join(', ');
  // CRIU takes its alarm for a wait that is too long: it gives up, and lets go of the processes as they were.
  for (const each of processes) signalProcess(each, 'SIGALRM');
  if (await haveEnded(processes)) {
    await container.freeze(containerId);
    return `(${waitedIn}) and was interrupted.`;
  }
  const { initPid } = await container.observe(containerId);
  // So that none of its processes runs on with CRIU's code in it; it stands still only once CRIU is gone.
  const frozen = container.freeze(containerId);
  for (const each of processes) signalProcess(each, 'SIGKILL');
  await haveEnded(processes);
  await frozen;
  if (initPid !== null) await unlockNetwork(initPid);
  return `(${waitedIn}) and was killed. Restart the machine if it does not work as before.`;
}

async function haveEnded(processes: readonly ProcessIdentity[]): Promise<boolean> {
  const deadline = performance.now() + endTimeoutMs;
  while (processes.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await delay(10);
  }
  return true;
}

/** CRIU, and what it has started, under the lock of a machine. */
function processesOfRun(lock: string): ProcessIdentity[] {
  const words = `flock\0--exclusive\0${lock}\0`;
  const holders = listProcesses().filter((pid) => readText(pid, 'cmdline').startsWith(words));
  return holders.flatMap(descendants).flatMap((pid) => readProcess(pid) ?? []);
}

function descendants(pid: number): number[] {
  const children = readText(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/**
 * Something that changes whenever the process has worked: its time on processors, what it has read and written. Where
 * it waits for a disk (D) it changes each time: that is for the disk to end, and no signal can.
 */
function readActivity(pid: number): string {
  // After the name, which may have blanks: state, user and system time are the fields 3, 14 and 15 of all (proc(5)).
  const fields = readText(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  const waitsForDisk = fields[0] === 'D' ? performance.now() : '';
  return [pid, fields[11], fields[12], readText(pid, 'io'), waitsForDisk].join(' ');
}

function readText(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
