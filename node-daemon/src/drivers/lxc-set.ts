import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describeError } from '../outcome.ts';
import { CriuCheckpoint } from './checkpoint/criu/criu-checkpoint.ts';
import { findCriu } from './checkpoint/criu/criu-program.ts';
import { FreezeOnlyCheckpoint } from './checkpoint/freeze-only.ts';
import { closeInheritedDescriptors } from './container/lxc/close-inherited.ts';
import { LxcLayout } from './container/lxc/layout.ts';
import { LxcDriver } from './container/lxc/lxc-driver.ts';
import { MachineCgroups } from './container/lxc/machine-cgroups.ts';
import { MachineRecords } from './container/lxc/machine-records.ts';
import { openWay } from './container/lxc/open-way.ts';
import { probeLxcOncePerBoot } from './container/lxc/probe.ts';
import { fillFromImage } from './images/fill-from-image.ts';
import { ImageStore, imagesDirectory } from './images/image-store.ts';
import { readBootId } from './namespaces-set.ts';
import { BridgeNetwork } from './network/bridge/bridge-network.ts';
import { openStorage } from './storage/open-storage.ts';
import type { StorageChoice } from './storage/storage-choice.ts';
import type { DriverSet, DriverSetAttempt } from './types.ts';

/**
 * The production set: unprivileged LXC machines on a bridge with NAT, out of local images. Needs root, LXC,
 * nftables and at least one image; a probe starts a real container before the set counts as available.
 */
export function openLxcSet(dataDir: string, choice: StorageChoice): DriverSetAttempt {
  const root = path.resolve(dataDir);
  if (/[\n\r]/.test(root)) return { available: false, reason: 'the data directory has a line break' };
  const images = new ImageStore(imagesDirectory(process.env));
  if (images.list().length === 0) {
    return { available: false, reason: 'it has no image; “node-daemon image build debian/13” makes one' };
  }
  mkdirSync(path.join(root, 'runtime'), { recursive: true, mode: 0o711 });
  // Machines pass through it on their way to their disks; what is secret in it has modes of its own.
  chmodSync(root, 0o711);
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 8);
  const way = process.geteuid?.() === 0 ? openWay(root, hash) : undefined;
  if (way === undefined) return { available: false, reason: 'it needs root, and to mount' };
  const { directory } = way;
  const layout = new LxcLayout(directory);
  const bootId = readBootId();
  const probe = probeLxcOncePerBoot(layout.probe, path.join(directory, 'runtime', 'lxc-probed'), bootId);
  if (!probe.available) {
    way.close();
    return probe;
  }
  closeInheritedDescriptors();
  const opened = openStorage({
    directory,
    choice,
    fill: (volume, image) => fillFromImage(images, volume, image),
    imageVersion: (name) => images.list().find((image) => image.name === name)?.serial ?? '',
  });
  if (!opened.available) {
    way.close();
    return opened;
  }
  const { storage } = opened;
  const network = openNetwork(root);
  if (typeof network === 'string') return { available: false, reason: network };
  const records = new MachineRecords(layout, bootId);
  const cgroups = new MachineCgroups(`node-daemon-${hash}`);
  const container = new LxcDriver({ layout, records, cgroups });
  const notes = opened.note === null ? [] : [opened.note];
  const criu = findCriu(process.env);
  if (!criu.available) notes.push(`Snapshots can’t hold memory: ${criu.reason}.`);
  else if (!criu.program.tracksMemory)
    notes.push(
      'With a kernel that tracks changed memory, machines would stand still shorter for a snapshot.',
    );
  const checkpoint = criu.available
    ? new CriuCheckpoint({
        program: criu.program,
        container,
        layout,
        cgroups,
        connectionOf: (containerId) => network.connectionOf(containerId),
      })
    : new FreezeOnlyCheckpoint();
  const set: DriverSet = {
    name: 'lxc',
    developmentOnly: false,
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
    // Read anew each time: an image that is built while the daemon runs can be used at once.
    get images() {
      return images.list();
    },
    notes,
    close: async () => {
      await container.close();
      network.close();
      opened.close();
      way.close();
    },
  };
  return { available: true, set };
}

function openNetwork(directory: string): BridgeNetwork | string {
  try {
    return new BridgeNetwork(directory);
  } catch (error) {
    return `it can't set up its bridge: ${describeError(error)}`;
  }
}
