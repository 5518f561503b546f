import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { probeLxc } from './container/lxc/probe.ts';
import { probeNamespaces } from './container/namespaces/probe.ts';
import { openLxcSet } from './lxc-set.ts';
import { openNamespacesSet } from './namespaces-set.ts';
import { storageChoiceOf, type StorageChoice } from './storage/storage-choice.ts';
import type { DriverSet, DriverSetAttempt } from './types.ts';

/** Whether a driver set can be used on this host, and if not, why. */
export type Availability =
  { readonly available: true } | { readonly available: false; readonly reason: string };

type DriverSetEntry = {
  readonly name: string;
  /** Looks with as little as possible; `directory` is empty and goes away afterwards. */
  readonly probe: (directory: string) => Availability;
  readonly open: (dataDir: string, storage: StorageChoice) => DriverSetAttempt;
};

/** All driver sets, the best first: `auto` takes the first that this host offers. */
const registry: readonly DriverSetEntry[] = [
  { name: 'lxc', probe: probeLxc, open: openLxcSet },
  { name: 'namespaces', probe: probeNamespaces, open: openNamespaces },
];

/** Names that {@link openDriverSet} accepts. */
export const driverSetNames: readonly string[] = ['auto', ...registry.map((entry) => entry.name)];

/** Each driver set with whether it can be used here; nothing is opened. */
export function probeDriverSets(): { name: string; availability: Availability }[] {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'driver-probe-'));
  chmodSync(directory, 0o711);
  try {
    return registry.map((entry) => ({
      name: entry.name,
      availability: entry.probe(path.join(directory, entry.name)),
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Opens a driver set by name, or with `auto` the best that works here, with its data under `dataDir`. Data
 * belongs to the set that made it: as long as there are machines, no other set is opened on it. The variable
 * NODE_DAEMON_AUTO_DRIVERS (names with commas) restricts what `auto` chooses from, NODE_DAEMON_STORAGE says where
 * disks are kept when the caller does not.
 * Throws, naming what is missing, when there is none: a daemon without drivers can do nothing.
 */
export function openDriverSet(
  name: string,
  dataDir: string,
  storage: StorageChoice = storageChoiceOf(process.env),
): DriverSet {
  const owner = readOwner(dataDir);
  if (owner !== undefined && name !== 'auto' && name !== owner) {
    throw new Error(`The machines in ${dataDir} belong to the driver set "${owner}", not "${name}".`);
  }
  const wanted = owner ?? name;
  const automatic = process.env['NODE_DAEMON_AUTO_DRIVERS']?.split(',');
  const candidates = registry.filter((entry) =>
    wanted === 'auto' ? automatic?.includes(entry.name) !== false : entry.name === wanted,
  );
  if (candidates.length === 0)
    throw new Error(`No driver set "${wanted}". There are: ${driverSetNames.join(', ')}.`);
  const reasons: string[] = [];
  for (const entry of candidates) {
    const attempt = entry.open(dataDir, storage);
    if (attempt.available) {
      writeFileSync(path.join(dataDir, ownerFile), entry.name);
      return attempt.set;
    }
    reasons.push(`${entry.name}: ${attempt.reason}`);
  }
  throw new Error(`No driver set can be used on this host. ${reasons.join('; ')}.`);
}

/** Plain directories are all that machines of the host's own userland can have. */
function openNamespaces(dataDir: string, storage: StorageChoice): DriverSetAttempt {
  if (storage.kind === 'auto' || storage.kind === 'directory') return openNamespacesSet(dataDir);
  return { available: false, reason: `it keeps disks in plain directories, not on ${storage.kind}` };
}

const ownerFile = 'driver-set';

/** The set whose machines are in a data directory; undefined when it has none. */
function readOwner(dataDir: string): string | undefined {
  const file = path.join(dataDir, ownerFile);
  const machines = path.join(dataDir, 'machines');
  if (!existsSync(file) || !existsSync(machines) || readdirSync(machines).length === 0) return undefined;
  return readFileSync(file, 'utf8').trim();
}
