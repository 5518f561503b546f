import type { HostCommand, MachineSpec } from '@control-plane/contract/link';
import type { ContainerCommand, ContainerRecord } from '@control-plane/lifecycle';

const GIB = 1024 ** 3;

/** What a command is called on the host link. */
export function hostCommandOf(command: ContainerCommand): HostCommand {
  switch (command) {
    case 'copy':
      return 'copy-in';
    case 'sync':
      return 'sync-in';
    // What the host must hear of a claim is what it hears of an update.
    case 'claim':
      return 'update';
    default:
      return command;
  }
}

/** What the host must know of a container. */
export function machineSpec(record: ContainerRecord): MachineSpec {
  return {
    container_id: record.id,
    project_id: record.projectId,
    name: record.name,
    image: record.image,
    cpu_cores: record.cpu,
    memory_bytes: record.memory === null ? null : Math.round(record.memory * GIB),
    environment_vars: { ...record.environmentVars },
    ssh_public_key: record.sshPublicKey,
    autostart: record.autostart,
    ramdisk: record.ramdisk,
    kvm: record.kvm,
  };
}
