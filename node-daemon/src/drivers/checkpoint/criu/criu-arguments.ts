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
const seizeTimeoutSeconds = 5;

export type DumpRequest = {
  readonly initPid: number;
  readonly into: string;
  /** Directory of the machine's group in the freezer's hierarchy. */
  readonly freezer: string;
  /** From `cgroupRootArguments`. */
  readonly cgroupRoots: readonly string[];
  readonly hasRamdisk: boolean;
};

/**
 * Arguments of `criu dump` for a machine that is frozen already; CRIU leaves it so. The network name space is
 * held empty: its device belongs to the host, which connects it anew while the sockets are not yet there.
 */
export function dumpArguments(request: DumpRequest): string[] {
  return [
    'dump',
    '--tree',
    String(request.initPid),
    '--images-dir',
    request.into,
    '--log-file',
    'dump.log',
    '-v2',
    '--leave-running',
    '--timeout',
    String(seizeTimeoutSeconds),
    ...shared,
    ...request.cgroupRoots,
    '--freeze-cgroup',
    request.freezer,
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
  ];
}

/** A CRIU configuration file with what LXC does not pass on to a restore. `script` is run at each stage. */
export function restoreConfiguration(script: string): string {
  const lines = [
    'empty-ns net',
    'tcp-established',
    'ext-mount-map auto',
    `action-script ${JSON.stringify(script)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The first error of a CRIU log, which is the cause of the others, without times and source places, for the operator and the client. */
export function firstCriuError(log: string): string | undefined {
  const errors = log.split('\n').flatMap((line) => /Error \([^)]*\): (.*)$/.exec(line)?.[1] ?? []);
  // A bound on open files that can't be raised is no failure.
  return errors.filter((message) => !message.startsWith('rlimit:')).at(0);
}
