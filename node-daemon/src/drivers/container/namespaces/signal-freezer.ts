import { setTimeout as delay } from 'node:timers/promises';
import { done, fail, type Outcome } from '../../../outcome.ts';
import { processesOfNamespace, readProcess } from './processes.ts';

const roundsMax = 200;

/**
 * Stops every process of a pid namespace by SIGSTOP, where there is no freezer. It looks again until a
 * whole round finds nothing that moves, so that what was forked meanwhile is stopped as well.
 * A process that its own shell had stopped goes on after {@link thawBySignal} too.
 */
export async function freezeBySignal(initPid: number): Promise<Outcome<undefined>> {
  for (let round = 0; round < roundsMax; round += 1) {
    const moving = processesOfNamespace(initPid).filter((pid) => !standsStill(pid));
    if (moving.length === 0) return done;
    for (const pid of moving) send(pid, 'SIGSTOP');
    await delay(1);
  }
  thawBySignal(initPid);
  return fail('DRIVER_FAILED', 'The machine’s processes did not stand still in time.');
}

/** Lets every process of the namespace go on. */
export function thawBySignal(initPid: number): void {
  for (const pid of processesOfNamespace(initPid)) send(pid, 'SIGCONT');
}

/** Whether pid 1 of the namespace was stopped by a signal. */
export function isStopped(initPid: number): boolean {
  return readProcess(initPid)?.state === 'T';
}

function standsStill(pid: number): boolean {
  const state = readProcess(pid)?.state;
  return state === undefined || state === 'T' || state === 't' || state === 'Z' || state === 'X';
}

function send(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
