import { LINK_PROTOCOL_VERSION, type Hello } from '@control-plane/contract/link';
import { execFile } from 'node:child_process';
import { statfsSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import type { DriverSet } from '../drivers/types.ts';
import { readHostImage, readOsName } from '../drivers/host-image.ts';
import type { MachineTable } from '../journal/machine-table.ts';
import { observeMachine } from '../observe-machine.ts';
import { daemonVersion } from '../version.ts';

const run = promisify(execFile);
/** As many entries as surely fit into one link message. */
const inventoryMax = 8_000;
const toolVersionArguments: Readonly<Record<string, readonly string[]>> = {
  unshare: ['--version'],
  'lxc-start': ['--version'],
  criu: ['--version'],
  zfs: ['version'],
  btrfs: ['--version'],
  nft: ['--version'],
};

/** Facts of the host that do not change while the daemon runs. */
export async function readHostFacts(dataDir: string): Promise<Hello['facts']> {
  const disk = statfsSync(dataDir);
  const image = readHostImage();
  const tools = await Promise.all(
    Object.entries(toolVersionArguments).map(async ([name, versionArguments]) => {
      const version = await readVersion(name, versionArguments);
      return [name, version] as const;
    }),
  );
  return {
    hostname: os.hostname().slice(0, 255),
    kernel: os.release().slice(0, 255),
    os: readOsName().slice(0, 255),
    architecture: image.architecture,
    cpu_cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
    disk_bytes: disk.blocks * disk.bsize,
    tools: Object.fromEntries(tools),
  };
}

/** What the daemon says first on each connect: who it is, what it can do, what it holds. */
export async function buildHello(
  drivers: DriverSet,
  machines: MachineTable,
  facts: Hello['facts'],
  bootId: string,
): Promise<Hello> {
  const inventory = await Promise.all(
    machines
      .present()
      .slice(0, inventoryMax)
      .map(async (machine) => ({
        container_id: machine.containerId,
        incarnation: machine.incarnation,
        state: await observeMachine(drivers, machine.containerId),
        quarantined: machine.quarantined,
      })),
  );
  return {
    type: 'hello',
    protocol: LINK_PROTOCOL_VERSION,
    daemon_version: daemonVersion,
    boot_id: bootId,
    facts,
    drivers: {
      container: drivers.container.name,
      storage: drivers.storage.name,
      checkpoint: drivers.checkpoint.name,
      network: drivers.network.name,
      development_only: drivers.developmentOnly,
    },
    capabilities: drivers.capabilities,
    images: [...drivers.images],
    inventory,
  };
}

async function readVersion(name: string, versionArguments: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run(name, [...versionArguments], { timeout: 5_000 });
    return stdout.split('\n')[0]?.trim().slice(0, 100) ?? '';
  } catch {
    return null;
  }
}
