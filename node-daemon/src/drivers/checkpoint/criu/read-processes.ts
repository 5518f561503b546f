import { readFileSync } from 'node:fs';
import { readProcess } from '../../container/namespaces/processes.ts';
import type { ProcessView } from './find-blockers.ts';
import { readLink, readMountNumbers, readOpenFiles } from './read-open-files.ts';

/** Namespaces of which CRIU holds one per machine only, as far as the kernel has them. */
const singleNamespaces = ['pid', 'net', 'ipc', 'uts', 'user', 'time', 'cgroup'].filter(
  (name) => readLink(`/proc/self/ns/${name}`) !== '',
);

/** Looks at the processes of a machine; those that end meanwhile are left out. */
export function readProcesses(pids: readonly number[]): ProcessView[] {
  const mounts = readMountNumbers(pids);
  return pids.map((pid) => readOne(pid, mounts)).filter((view) => view !== undefined);
}

function readOne(pid: number, mounts: ReadonlySet<string>): ProcessView | undefined {
  const status = readProcess(pid);
  if (status === undefined) return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
    /** As the process itself sees it: 0 is somebody outside of its pid namespace. */
    const inner = (name: string): number => Number(field(name).split(/\s+/).at(-1));
    const namespaces = singleNamespaces.map((name) => [name, readLink(`/proc/${pid}/ns/${name}`)] as const);
    const isZombie = status.state === 'Z' || status.state === 'X';
    // One that is ending has left its namespaces before it is a zombie: it is in none, not in others.
    if (!isZombie && namespaces.some(([, link]) => link === '')) return undefined;
    const { links, lost } = readOpenFiles(pid, mounts);
    return {
      pid,
      parentPid: status.parentPid,
      innerPid: inner('NSpid'),
      name: field('Name'),
      isZombie,
      tracerPid: Number(field('TracerPid')),
      isOfMachine: inner('NSsid') !== 0 && inner('NSpgid') !== 0,
      openFiles: links,
      lostFiles: lost,
      namespaces: Object.fromEntries(namespaces),
    };
  } catch {
    return undefined;
  }
}
