import { setTimeout as delay } from 'node:timers/promises';
import { done, fail, type Outcome } from '../../../outcome.ts';
import type { CriuCheckpointOptions } from './criu-checkpoint.ts';
import { hasUnreadDatagram, hasWaitingConnection } from './socket-queues.ts';
import { isStartingProcess, isStartingService } from './starting-processes.ts';

/** Why a machine has to go on for an instant: what comes of it when it never gets past that. */
type Hindrance = Outcome<undefined>;

/** How often a machine may be caught at an unfit moment; each time it goes on a bit longer. */
const momentsMax = 30;

const startsProcess = fail('CAPABILITY_MISSING', 'A process is all the time starting others.');
const leavesConnection = fail('CAPABILITY_MISSING', 'A connection is not taken.');
/** It is taken as it is: some start services all the time, as while they boot, or never read what may get lost anyway. */
const isTakenSo = done;

/** What keeps CRIU from taking hold of these processes, which stand still. */
export function findHold(pids: readonly number[]): Hindrance | undefined {
  return isStartingProcess(pids) ? startsProcess : undefined;
}

/** What keeps a machine that stands still from being dumped whole and coming back from it. */
export function findHindrance(pids: readonly number[], initPid: number): Hindrance | undefined {
  if (isStartingProcess(pids)) return startsProcess;
  if (hasWaitingConnection(initPid)) return leavesConnection;
  return isStartingService(pids) || hasUnreadDatagram(initPid) ? isTakenSo : undefined;
}

/** Lets a machine that stands still go on for an instant, again and again, until it stands where it can be held. */
export async function settleMachine(
  { container, cgroups }: Pick<CriuCheckpointOptions, 'container' | 'cgroups'>,
  containerId: string,
  look: (pids: readonly number[]) => Hindrance | undefined,
): Promise<Outcome<undefined>> {
  for (let moment = 0; ; moment += 1) {
    const hindrance = look(cgroups.processes(containerId));
    if (hindrance === undefined) return done;
    if (moment === momentsMax) return hindrance;
    const moved = await letGoOnFor(container, containerId, moment);
    if (!moved.ok) return moved;
  }
}

/** Lets a machine that stands still go on for so many milliseconds. */
export async function letGoOnFor(
  container: CriuCheckpointOptions['container'],
  containerId: string,
  milliseconds: number,
): Promise<Outcome<undefined>> {
  const thawed = await container.thaw(containerId);
  if (!thawed.ok) return thawed;
  await delay(milliseconds);
  return container.freeze(containerId);
}
