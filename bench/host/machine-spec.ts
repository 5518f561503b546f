import type { MachineSpec } from '@control-plane/contract/link';
import { randomBytes } from 'node:crypto';

/** A machine of the bench: half a GiB, one core, without a memory disk. */
export function machineSpec(image: string): MachineSpec {
  return {
    container_id: randomBytes(12).toString('hex'),
    project_id: '0'.repeat(24),
    name: 'bench',
    image,
    cpu_cores: 1,
    memory_bytes: 512 * 1024 * 1024,
    environment_vars: {},
    ssh_public_key: null,
    autostart: false,
    ramdisk: false,
    kvm: false,
  };
}
