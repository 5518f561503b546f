import path from 'node:path';

/** Where the namespaces driver keeps its things under the daemon's data directory. */
export type Layout = {
  /** One directory per machine: its definition, pid file and mount tables. */
  readonly machines: string;
  /** Template of the staging root that a booting machine passes through; mounted over, never written. */
  readonly stage: string;
  /** Template of a machine's /dev. */
  readonly devices: string;
  /**
   * Two empty directories on which a booting machine assembles its root, in mount namespaces of its own.
   * Root inside must be able to reach them, as a user that may see nothing of the data directory.
   */
  readonly outer: string;
  readonly inner: string;
  readonly ramdisks: string;
  readonly probe: string;
};

/** The layout under `dataDir`; `asRoot`: whether the daemon is root. */
export function layoutOf(dataDir: string, asRoot: boolean): Layout {
  const runtime = path.join(dataDir, 'runtime');
  const assembly = asRoot ? '/run/node-daemon' : runtime;
  return {
    machines: path.join(dataDir, 'machines'),
    stage: path.join(runtime, 'stage'),
    devices: path.join(runtime, 'devices'),
    outer: path.join(assembly, 'outer'),
    inner: path.join(assembly, 'inner'),
    ramdisks: path.join(dataDir, 'ramdisks'),
    probe: path.join(runtime, 'probe'),
  };
}

/** Paths of one machine. */
export type MachinePaths = {
  readonly directory: string;
  readonly definition: string;
  readonly initFile: string;
  readonly log: string;
  readonly environment: string;
  readonly authorizedKeys: string;
  readonly ramdisk: string;
};

/** The paths of machine `containerId`. */
export function machinePaths(layout: Layout, containerId: string): MachinePaths {
  const directory = path.join(layout.machines, containerId);
  return {
    directory,
    definition: path.join(directory, 'machine.json'),
    initFile: path.join(directory, 'init.json'),
    log: path.join(directory, 'boot.log'),
    environment: path.join(directory, 'environment'),
    authorizedKeys: path.join(directory, 'authorized_keys'),
    ramdisk: path.join(layout.ramdisks, containerId),
  };
}

/** Ids are 24 hex digits: anything else in a directory of machines is not ours. */
export const containerIdPattern = /^[0-9a-f]{24}$/;
