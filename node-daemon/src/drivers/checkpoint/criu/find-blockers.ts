/** What of a process decides whether it can be dumped. */
export type ProcessView = {
  readonly pid: number;
  readonly parentPid: number;
  /** Its number inside the machine. */
  readonly innerPid: number;
  readonly name: string;
  readonly isZombie: boolean;
  readonly tracerPid: number;
  /** Whether its session and its process group were begun inside the machine. */
  readonly isOfMachine: boolean;
  /** What its descriptors point to, as /proc shows it. */
  readonly openFiles: readonly string[];
  /** Open files that can't be found again by a name, with the reason for each. */
  readonly lostFiles: readonly string[];
  /** Namespace links by kind. */
  readonly namespaces: Readonly<Record<string, string>>;
};

export type MachineView = {
  readonly initPid: number;
  readonly processes: readonly ProcessView[];
  /** Names of the machine's network devices. */
  readonly devices: readonly string[];
  /** File-system types of what is mounted inside, with the mount points. */
  readonly mounts: readonly { readonly type: string; readonly at: string }[];
  /** What it changed in its network and what can't be put back, as sentences. */
  readonly networkChanges: readonly string[];
};

/** Kernel objects without a path that CRIU can't hold, by how /proc names them. */
const unsupportedObjects: readonly (readonly [RegExp, string])[] = [
  [/^anon_inode:\[?io_uring\]?/, 'uses io_uring'],
  [/^anon_inode:\[?perf_event\]?/, 'measures performance (perf)'],
  [/^anon_inode:\[?userfaultfd\]?/, 'uses userfaultfd'],
  [/^anon_inode:\[?fanotify\]?/, 'watches files with fanotify'],
  [/^anon_inode:\[?(?:kvm|vfio)/, 'runs a virtual machine'],
  [/^anon_inode:\[?(?:bpf|btf)/, 'holds a BPF object'],
  [/^anon_inode:\[?landlock/, 'holds a Landlock rule set'],
  [/^anon_inode:\[?seccomp/, 'watches another process with seccomp'],
];
/** Devices that CRIU opens anew after a restore. */
const plainDevices =
  /^\/dev\/(?:null|zero|full|random|urandom|tty|ptmx|console|pts\/.*|shm\/.*|mqueue\/.*|fd\/.*)$/;
const knownDevices = new Set([
  'lo',
  'eth0',
  'tunl0',
  'sit0',
  'ip6tnl0',
  'gre0',
  'gretap0',
  'erspan0',
  'ip_vti0',
  'ip6_vti0',
  'ip6gre0',
]);
const unsupportedMounts = /^(?:fuse(?:\..*|blk)?|nfs4?|cifs|9p|ceph|autofs|ramfs)$/;

/**
 * Names what keeps a machine from being dumped, by process and reason; empty when nothing does. Looks only at
 * what was read: nothing is frozen for it. CRIU itself may still find more, and refuses then without harm.
 */
export function findBlockers(machine: MachineView): string[] {
  const init = machine.processes.find((process) => process.pid === machine.initPid);
  if (init === undefined) return ['The machine has no process of its own.'];
  const blockers = machine.processes
    .filter((process) => !process.isZombie)
    .flatMap((process) => blockersOf(process, init, machine.processes));
  for (const device of machine.devices) {
    if (!knownDevices.has(device)) blockers.push(`The machine made itself a network device, ${device}.`);
  }
  for (const { type, at } of machine.mounts) {
    if (unsupportedMounts.test(type)) blockers.push(`A ${type} file system is mounted at ${at}.`);
  }
  blockers.push(...machine.networkChanges);
  return [...new Set(blockers)];
}

function blockersOf(process: ProcessView, init: ProcessView, all: readonly ProcessView[]): string[] {
  const who = `${process.name} (process ${process.innerPid})`;
  const reasons: string[] = [];
  // CRIU follows children from pid 1: what came in from outside would silently be left out.
  const isInside = process === init || all.some((other) => other.pid === process.parentPid);
  if (!isInside) reasons.push(`${who} was started from outside and still runs`);
  else if (!process.isOfMachine) reasons.push(`${who} belongs to a session that was begun from outside`);
  if (process.tracerPid !== 0) reasons.push(`${who} is being traced`);
  for (const [kind, link] of Object.entries(process.namespaces)) {
    if (isInside && link !== init.namespaces[kind])
      reasons.push(`${who} is in a ${kind} namespace of its own`);
  }
  for (const lost of process.lostFiles) reasons.push(`${who} has ${lost}`);
  for (const file of process.openFiles) {
    const found = unsupportedObjects.find(([pattern]) => pattern.test(file));
    if (found !== undefined) reasons.push(`${who} ${found[1]}`);
    if (file.startsWith('/dev/') && !plainDevices.test(file))
      reasons.push(`${who} has the device ${file} open`);
  }
  return reasons.map((reason) => `${reason}.`);
}
