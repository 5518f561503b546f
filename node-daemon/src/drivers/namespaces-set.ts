import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FreezeOnlyCheckpoint } from './checkpoint/freeze-only.ts';
import { CgroupTree } from './container/cgroups/cgroup-tree.ts';
import { detectCgroups } from './container/cgroups/detect.ts';
import { fillVolume } from './container/namespaces/fill-volume.ts';
import type { IsolationMode } from './container/namespaces/mount-tables.ts';
import { prepareTemplates, readHostUserland } from './container/namespaces/host-userland.ts';
import { layoutOf } from './container/namespaces/layout.ts';
import { MachineRegistry } from './container/namespaces/machine-registry.ts';
import { NamespacesDriver } from './container/namespaces/namespaces-driver.ts';
import { asMachineRoot, probeNamespaces } from './container/namespaces/probe.ts';
import { readHostImage } from './host-image.ts';
import { NoNetwork } from './network/no-network.ts';
import { DirectoryStorage } from './storage/directory-storage.ts';
import type { DriverSet, DriverSetAttempt } from './types.ts';

/**
 * The embedded set: machines of plain namespaces over the host's own userland, volumes as directories.
 * Nothing needs to be installed or downloaded. For development. `isolation` overrides the best that is
 * possible here, for tests.
 */
export function openNamespacesSet(dataDir: string, isolation?: IsolationMode): DriverSetAttempt {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // Booting machines pass through it; what is secret in it has modes of its own.
  chmodSync(dataDir, 0o711);
  const directory = path.resolve(dataDir);
  const layout = layoutOf(directory, process.geteuid?.() === 0);
  const probe = probeNamespaces(layout.probe);
  if (!probe.available) return probe;
  const { overlay } = probe;
  const mode = isolation ?? probe.mode;
  const userland = readHostUserland();
  prepareTemplates(layout, userland);
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  const cgroups = new CgroupTree(detectCgroups(`node-daemon-${hash}`));
  const registry = new MachineRegistry(layout, mode, readBootId());
  const container = new NamespacesDriver({ mode, overlay, layout, userland, registry, cgroups });
  const storage = new DirectoryStorage({
    directory,
    fill: (volume, _image, rootUid) => fillVolume(volume, rootUid, userland),
    parts: ['root', 'usr'],
    scratch: ['work'],
    wrap: (argv) => asMachineRoot(mode, argv),
  });
  const checkpoint = new FreezeOnlyCheckpoint();
  const network = new NoNetwork();
  const notes = [...probe.notes];
  if (!container.capabilities.memory_limit)
    notes.push('With a writable memory cgroup, memory limits would be enforced.');
  if (!container.capabilities.cpu_limit)
    notes.push('With a writable cpu cgroup, CPU limits would be enforced.');
  notes.push(
    'With LXC, a copy-on-write file system and CRIU, machines would have a network and stateful snapshots.',
  );
  const set: DriverSet = {
    name: 'namespaces',
    developmentOnly: true,
    container,
    storage,
    checkpoint,
    network,
    capabilities: {
      ...container.capabilities,
      ...storage.capabilities,
      ...checkpoint.capabilities,
      ...network.capabilities,
    },
    images: [readHostImage()],
    notes,
    close: () => container.close(),
  };
  return { available: true, set };
}

/** Changes with each boot of the host. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
