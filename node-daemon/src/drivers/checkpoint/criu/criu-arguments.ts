/** Options that dump and restore must agree on. */
const shared = [
  '--tcp-established',
  '--file-locks',
  '--link-remap',
  '--manage-cgroups=full',
  '--enable-external-sharing',
  '--enable-external-masters',
];

/** Deleted files up to this size are held with the memory. */
export const ghostBytesMax = 64 * 1024 * 1024;

/** Within which all processes must have been taken hold of; they stand still already. */
const seizeTimeoutSeconds = 10;

export type DumpRequest = {
  readonly initPid: number;
  readonly into: string;
  /** Directory of the machine's group in the freezer's hierarchy. */
  readonly freezer: string;
  /** From `cgroupRootArguments`. */
  readonly cgroupRoots: readonly string[];
  readonly hasRamdisk: boolean;
  /** Directory, relative to `into`, with the pages that are left out unless they changed since; null: none. */
  readonly parent: string | null;
};

/**
 * Arguments of `criu dump` for a machine that is frozen already; CRIU leaves it so. The network name space is
 * held empty: its device belongs to the host, which connects it anew while the sockets are not yet there.
 */
export function dumpArguments(request: DumpRequest): string[] {
  return [
    'dump',
    ...placeArguments(request, 'dump.log'),
    '--leave-running',
    ...shared,
    ...request.cgroupRoots,
    '--empty-ns',
    'net',
    '--network-lock',
    'nftables',
    '--ghost-limit',
    String(ghostBytesMax),
    '--ext-mount-map',
    'auto',
    // By the name that LXC gives it at a restore.
    ...(request.hasRamdisk ? ['--ext-mount-map', '/ramdisk:ramdisk'] : []),
    '--enable-fs',
    'hugetlbfs',
    '--enable-fs',
    'tracefs',
    ...parentArguments(request.parent),
  ];
}

export type PreDumpRequest = Pick<DumpRequest, 'initPid' | 'into' | 'freezer' | 'parent'>;

/**
 * Arguments of `criu pre-dump` for a running machine: writes its pages, and from then on the kernel marks those that
 * are written to. CRIU makes it stand still for an instant only.
 */
export function preDumpArguments(request: PreDumpRequest): string[] {
  return ['pre-dump', ...placeArguments(request, 'pre-dump.log'), ...parentArguments(request.parent)];
}

function placeArguments({ initPid, into, freezer }: PreDumpRequest, log: string): string[] {
  return [
    '--tree',
    String(initPid),
    '--images-dir',
    into,
    '--log-file',
    log,
    '-v2',
    '--timeout',
    String(seizeTimeoutSeconds),
    '--freeze-cgroup',
    freezer,
  ];
}

/** Without a parent nothing asks for tracking at a dump: it would cost a look at each page. */
function parentArguments(parent: string | null): string[] {
  return parent === null ? [] : ['--prev-images-dir', parent, '--track-mem'];
}

/**
 * A CRIU configuration file with what LXC does not pass on to a restore. `script` is run at each stage. LXC names the
 * machine's group in hierarchies that have controllers; in the others it is `cgroupRoot`, without which a fork would
 * be put into the group of the machine that was dumped.
 */
export function restoreConfiguration(script: string, cgroupRoot: string | undefined): string {
  const lines = [
    'empty-ns net',
    'tcp-established',
    'ext-mount-map auto',
    `action-script ${JSON.stringify(script)}`,
    ...(cgroupRoot === undefined ? [] : [`cgroup-root ${JSON.stringify(cgroupRoot)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The first error of a CRIU log, which is the cause of the others, without times and source places, for the operator and the client. */
export function firstCriuError(log: string): string | undefined {
  const errors = log.split('\n').flatMap((line) => /Error \([^)]*\): (.*)$/.exec(line)?.[1] ?? []);
  // A bound on open files that can't be raised is no failure.
  return errors.filter((message) => !message.startsWith('rlimit:')).at(0);
}
