import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { probeNamespaces } from './container/namespaces/probe.ts';
import { openNamespacesSet } from './namespaces-set.ts';
import type { DriverSet } from './types.ts';

/** Whether a driver set can be used on this host, and if not, why. */
export type Availability = { readonly available: true } | { readonly available: false; readonly reason: string };

type DriverSetEntry = {
  readonly name: string;
  readonly probe: () => Availability;
  readonly open: (dataDir: string) => DriverSet;
};

/** All driver sets, the best first: `auto` takes the first that this host offers. */
const registry: readonly DriverSetEntry[] = [
  { name: 'namespaces', probe: withProbeDirectory(probeNamespaces), open: openNamespacesSet },
];

/** Names that {@link openDriverSet} accepts. */
export const driverSetNames: readonly string[] = ['auto', ...registry.map((entry) => entry.name)];

/** Each driver set with whether it can be used here. */
export function probeDriverSets(): { name: string; availability: Availability }[] {
  return registry.map((entry) => ({ name: entry.name, availability: entry.probe() }));
}

/**
 * Opens a driver set by name, or with `auto` the best that works here, with its data under `dataDir`.
 * Throws, naming what is missing, when there is none: a daemon without drivers can do nothing.
 */
export function openDriverSet(name: string, dataDir: string): DriverSet {
  if (name !== 'auto') {
    const entry = registry.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new Error(`No driver set "${name}". There are: ${driverSetNames.join(', ')}.`);
    return entry.open(dataDir);
  }
  const reasons: string[] = [];
  for (const entry of registry) {
    const availability = entry.probe();
    if (availability.available) return entry.open(dataDir);
    reasons.push(`${entry.name}: ${availability.reason}`);
  }
  throw new Error(`No driver set can be used on this host. ${reasons.join('; ')}.`);
}

function withProbeDirectory(probe: (directory: string) => Availability): () => Availability {
  return () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'driver-probe-'));
    try {
      return probe(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}
