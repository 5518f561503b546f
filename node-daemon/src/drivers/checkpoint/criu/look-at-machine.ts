import { readFileSync } from 'node:fs';
import type { Connection } from '../../network/bridge/bridge-network.ts';
import type { MachineView } from './find-blockers.ts';
import { readNetwork } from './machine-network.ts';
import { findNetworkChanges } from './network-view.ts';
import { readProcesses } from './read-processes.ts';

/** Looks at all of a machine but its network, which takes longer: see {@link lookAtNetwork}. */
export function lookAtMachine(initPid: number, pids: readonly number[]): MachineView {
  return {
    initPid,
    processes: readProcesses(pids),
    devices: readDevices(initPid),
    mounts: readMounts(initPid),
    networkChanges: [],
  };
}

/** Names what the machine changed in its network and what can't be put back. */
export async function lookAtNetwork(initPid: number, given: Connection | undefined): Promise<string[]> {
  try {
    return findNetworkChanges(await readNetwork(initPid), given);
  } catch {
    return ['The machine’s network can’t be read.'];
  }
}

/** Whether the machine has its memory disk at its place. */
export function showsRamdisk(initPid: number): boolean {
  return readMounts(initPid).some(({ at }) => at === '/ramdisk');
}

function readDevices(initPid: number): string[] {
  const lines = readFileSync(`/proc/${initPid}/net/dev`, 'utf8').split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]?.trim() ?? '').filter((name) => name !== '');
}

function readMounts(initPid: number): { type: string; at: string }[] {
  const lines = readFileSync(`/proc/${initPid}/mountinfo`, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [at, type] = [left?.split(' ')[4], right?.split(' ')[0]];
    return at === undefined || type === undefined ? [] : [{ type, at }];
  });
}
