import { lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { Layout } from './layout.ts';

/** Directories of the host's root that belong to /usr on merged systems, and stand alone on others. */
const userlandNames = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'] as const;

/** Device nodes that every machine gets; each is a bind mount of the host's. */
export const deviceNodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const;

/** How the host's userland is laid out: names that are links into /usr, and names that are directories. */
export type HostUserland = {
  readonly links: ReadonlyMap<string, string>;
  readonly directories: readonly string[];
  /** Entries of /proc, as far as this kernel has them, through which root could change the host. */
  readonly dangerousProcEntries: readonly string[];
};

/** Looks at the host's root directory. */
export function readHostUserland(): HostUserland {
  const links = new Map<string, string>();
  const directories: string[] = [];
  for (const name of userlandNames) {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) links.set(name, readlinkSync(`/${name}`).replace(/^\/usr/, 'usr'));
    else if (stat?.isDirectory()) directories.push(name);
  }
  const dangerousProcEntries = ['sys', 'sysrq-trigger', 'kcore', 'irq', 'bus', 'fs', 'acpi', 'scsi'].filter(
    (name) => existsSync(`/proc/${name}`),
  );
  return { links, directories, dangerousProcEntries };
}

/** Makes the templates that all machines share: the staging root and /dev. Repeating it is harmless. */
export function prepareTemplates(layout: Layout, userland: HostUserland): void {
  for (const name of ['usr', 'machine', 'boot', 'old', 'proc', 'sys', ...userland.directories]) {
    mkdirSync(path.join(layout.stage, name), { recursive: true, mode: 0o755 });
  }
  for (const [name, target] of userland.links) makeLink(target, path.join(layout.stage, name));
  for (const directory of [layout.outer, layout.inner])
    mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const name of ['pts', 'shm']) mkdirSync(path.join(layout.devices, name), { recursive: true });
  for (const name of deviceNodes) {
    const file = path.join(layout.devices, name);
    if (!existsSync(file)) writeFileSync(file, '');
  }
  const links = {
    fd: '/proc/self/fd',
    stdin: '/proc/self/fd/0',
    stdout: '/proc/self/fd/1',
    stderr: '/proc/self/fd/2',
    ptmx: 'pts/ptmx',
  };
  for (const [name, target] of Object.entries(links)) makeLink(target, path.join(layout.devices, name));
}

function makeLink(target: string, link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(target, link);
}
