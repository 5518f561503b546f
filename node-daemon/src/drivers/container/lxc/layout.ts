import path from 'node:path';

/** First host uid and gid of machines: above ordinary users and above what systemd gives to containers. */
export const machineRootUid = 0x7140_0000;
/** Ids inside a machine: 0 to 65535. */
export const machineIdCount = 65_536;

/**
 * LXC's programs are run with this path only. Its purpose is what is not on it: where LXC finds `newuidmap`
 * it insists on ranges in /etc/subuid, which a daemon that runs as root does not need.
 */
export const lxcSearchPath = '/usr/sbin:/sbin';

/** Where LXC keeps a lock file per machine, which it never removes. */
const lockDirectory = '/run/lxc/lock';

/** Ids are 24 hex digits: anything else in a directory of machines is not ours. */
export const containerIdPattern = /^[0-9a-f]{24}$/;

/** Paths of one machine. */
export type LxcPaths = {
  /** Directory of the machine; its name is the id, its parent is what LXC calls lxcpath. */
  readonly directory: string;
  readonly config: string;
  readonly definition: string;
  readonly initFile: string;
  readonly log: string;
  /** FIFO into which the start hook writes the number of pid 1 before anything of the machine runs. */
  readonly gateReady: string;
  /** FIFO from which the start hook reads that it may go on. */
  readonly gateGo: string;
  /** Device nodes of the machine's own. */
  readonly devices: string;
  readonly ramdisk: string;
  readonly lockFile: string;
};

/** Where the driver keeps its things under the daemon's data directory. */
export class LxcLayout {
  /** What LXC calls lxcpath. */
  readonly machines: string;
  readonly ramdisks: string;
  readonly probe: string;

  constructor(dataDir: string) {
    this.machines = path.join(dataDir, 'machines');
    this.ramdisks = path.join(dataDir, 'ramdisks');
    this.probe = path.join(dataDir, 'runtime', 'lxc-probe');
  }

  paths(containerId: string): LxcPaths {
    const directory = path.join(this.machines, containerId);
    return {
      directory,
      config: path.join(directory, 'config'),
      definition: path.join(directory, 'machine.json'),
      initFile: path.join(directory, 'init.json'),
      log: path.join(directory, 'lxc.log'),
      gateReady: path.join(directory, 'gate.ready'),
      gateGo: path.join(directory, 'gate.go'),
      devices: path.join(directory, 'devices'),
      ramdisk: path.join(this.ramdisks, containerId),
      lockFile: path.join(lockDirectory, this.machines, `.${containerId}`),
    };
  }
}

/** The root file system of a machine within its volume. */
export function rootfsOf(volume: string): string {
  return path.join(volume, 'root');
}
