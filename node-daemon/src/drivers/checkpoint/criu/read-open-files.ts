import { readFileSync, readdirSync, readlinkSync, statSync, statfsSync } from 'node:fs';
import { ghostBytesMax } from './criu-arguments.ts';

/** What the descriptors of a process point to. */
type OpenFiles = {
  /** Links as /proc shows them, each once. */
  readonly links: readonly string[];
  /** Files that can't be found again by a name, with the reason for each. */
  readonly lost: readonly string[];
};

/** Descriptors that are looked at per process. */
const descriptorsMax = 4096;
/** Written to, such a file tells its reader of pressure; CRIU opens it anew without what was written. */
const pressureFile = /^\/proc\/pressure\/|\/(?:cpu|io|irq|memory)\.pressure$/;
const deletedMark = ' (deleted)';
/** Of statfs(2), for message queues. */
const messageQueueMagic = 0x1980_0202;

/** Reads them; a process that ends meanwhile has none. `mounts`: numbers of all that the machine's processes see. */
export function readOpenFiles(pid: number, mounts: ReadonlySet<string>): OpenFiles {
  let names;
  try {
    names = readdirSync(`/proc/${pid}/fd`).slice(0, descriptorsMax);
  } catch {
    return { links: [], lost: [] };
  }
  const links = new Set<string>();
  const lost = new Set<string>();
  for (const name of names) {
    const descriptor = `/proc/${pid}/fd/${name}`;
    const link = readLink(descriptor);
    links.add(link);
    const reason = link.startsWith('/') ? whyLost(pid, name, link, mounts) : undefined;
    if (reason !== undefined) lost.add(reason);
  }
  return { links: [...links], lost: [...lost] };
}

/** Where a link leads; empty when it is gone. */
export function readLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function whyLost(pid: number, name: string, link: string, mounts: ReadonlySet<string>): string | undefined {
  const descriptor = `/proc/${pid}/fd/${name}`;
  try {
    if (link.endsWith(deletedMark)) {
      // With no name left CRIU takes the content along; with another one it would need a new name on the disk.
      if (isMemoryFile(link)) return undefined;
      const { nlink, size } = statSync(descriptor);
      const file = link.slice(0, -deletedMark.length);
      if (nlink > 0) return `${file} open, which has lost its name and not its last one`;
      if (size <= ghostBytesMax) return undefined;
      return `${file} open, which has no name and is larger than ${ghostBytesMax / 1024 ** 2} MiB`;
    }
    const text = readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8');
    const accessMode = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(text)?.[1] ?? '0', 8) & 3;
    if (accessMode !== 0 && pressureFile.test(link)) return `a trigger on ${link} set`;
    const mount = /^mnt_id:\s*([0-9]+)$/m.exec(text)?.[1];
    if (mount === undefined || mounts.has(mount)) return undefined;
    if (statfsSync(descriptor).type === messageQueueMagic) return 'a POSIX message queue open';
    return `${link} open, of a file system that is not mounted in the machine`;
  } catch {
    return undefined;
  }
}

/** Memory that the kernel shows as a deleted file. */
function isMemoryFile(link: string): boolean {
  return /^\/(?:memfd:|dev\/zero|SYSV|anon_hugepage)/.test(link);
}

/** The numbers of the mounts that these processes see; each mount namespace is read once. */
export function readMountNumbers(pids: readonly number[]): ReadonlySet<string> {
  const numbers = new Set<string>();
  const spaces = new Set<string>();
  for (const pid of pids) {
    const space = readLink(`/proc/${pid}/ns/mnt`);
    if (spaces.has(space)) continue;
    spaces.add(space);
    for (const line of readLines(`/proc/${pid}/mountinfo`)) numbers.add(line.split(' ')[0] ?? '');
  }
  return numbers;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
