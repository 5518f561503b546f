import type { MachineSpec } from '@control-plane/contract/link';
import { environmentText, hostnameOf } from '../namespaces/machine-text.ts';
import { writeRootfsFile } from './rootfs-files.ts';

/**
 * Puts into a machine's root what its spec says about its inside: name, environment, SSH key. A file that
 * can't be put, because the machine has something else in its place, is left out.
 */
export function writeMachineFiles(rootfs: string, rootUid: number, spec: MachineSpec): void {
  const hostname = hostnameOf(spec.name);
  const write = (path: string, content: string, mode: number, makesDirectories = false): boolean =>
    writeRootfsFile(rootfs, rootUid, { path, content, mode, makesDirectories });
  write('/etc/hostname', `${hostname}\n`, 0o644);
  write('/etc/environment', environmentText(spec.environment_vars), 0o644);
  if (spec.ssh_public_key !== null) {
    write('/root/.ssh/authorized_keys', `${spec.ssh_public_key.trim()}\n`, 0o600, true);
  }
}
