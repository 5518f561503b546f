import type { MachineSpec } from '@control-plane/contract/link';
import { randomBytes } from 'node:crypto';
import type { Outcome } from '../outcome.ts';
import type { DriverSet } from './types.ts';

/** One machine driven without journal or link: the yardstick for what the layers above cost. */
export type BareMachine = {
  readonly containerId: string;
  /** Volume and start: the machine runs afterwards. */
  create(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Kills if needed and leaves nothing. */
  delete(): Promise<void>;
};

/** A machine with default limits on the drivers of `set`. Each call throws when the driver fails. */
export function bareMachine(set: DriverSet, overrides: Partial<MachineSpec> = {}): BareMachine {
  const containerId = overrides.container_id ?? randomBytes(12).toString('hex');
  const spec: MachineSpec = {
    container_id: containerId,
    project_id: '0'.repeat(24),
    name: 'bare',
    image: set.images.find((image) => image.is_default)?.name ?? '',
    cpu_cores: 1,
    memory_bytes: 512 * 1024 * 1024,
    environment_vars: {},
    ssh_public_key: null,
    autostart: false,
    ramdisk: false,
    kvm: false,
    ...overrides,
  };
  const machine = { incarnation: 1, spec };
  const { container, storage, network } = set;
  const start = async (): Promise<void> => {
    const volume = storage.volumePath(containerId);
    const attachNetwork = (initPid: number): Promise<Outcome<undefined>> => network.attach(machine, initPid);
    need(await container.start({ machine, volume, attachNetwork }));
  };
  return {
    containerId,
    start,
    create: async () => {
      const { rootUid } = need(await container.define(machine));
      need(await storage.createVolume({ containerId, image: spec.image, rootUid }));
      await start();
    },
    stop: async () => {
      need(await container.stop(containerId, 10_000, new AbortController().signal));
    },
    freeze: async () => {
      need(await container.freeze(containerId));
    },
    thaw: async () => {
      need(await container.thaw(containerId));
    },
    delete: async () => {
      need(await container.kill(containerId));
      need(await network.release(containerId));
      need(await storage.deleteVolume(containerId));
      need(await container.remove(containerId));
    },
  };
}

function need<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}
