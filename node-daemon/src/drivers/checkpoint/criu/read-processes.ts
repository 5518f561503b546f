import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { readProcess } from '../../container/namespaces/processes.ts';
import type { ProcessView } from './find-blockers.ts';

/** Namespaces of which CRIU holds one per machine only. */
const singleNamespaces = ['pid', 'net', 'ipc', 'uts', 'user', 'time', 'cgroup'] as const;
const linksMax = 4096;

/** Looks at the processes of a machine; those that end meanwhile are left out. */
export function readProcesses(pids: readonly number[]): ProcessView[] {
  return pids.map(readOne).filter((view) => view !== undefined);
}

function readOne(pid: number): ProcessView | undefined {
  const status = readProcess(pid);
  if (status === undefined) return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
    const namespaces = singleNamespaces.map((name) => [name, readLink(`/proc/${pid}/ns/${name}`)] as const);
    return {
      pid,
      parentPid: status.parentPid,
      innerPid: Number(field('NSpid').split(/\s+/).at(-1)),
      name: field('Name'),
      isZombie: status.state === 'Z' || status.state === 'X',
      tracerPid: Number(field('TracerPid')),
      openFiles: readOpenFiles(pid),
      namespaces: Object.fromEntries(namespaces),
    };
  } catch {
    return undefined;
  }
}

function readOpenFiles(pid: number): string[] {
  try {
    const names = readdirSync(`/proc/${pid}/fd`).slice(0, linksMax);
    return [...new Set(names.map((name) => readLink(`/proc/${pid}/fd/${name}`)))];
  } catch {
    return [];
  }
}

function readLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
