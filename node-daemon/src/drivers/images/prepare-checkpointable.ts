import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Units of systemd that have no work in a machine without consoles, modules or hardware of its own. */
const maskedUnits = [
  'console-getty.service',
  'getty@.service',
  'getty.target',
  'serial-getty@.service',
  'container-getty@.service',
  'systemd-modules-load.service',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-fs-fuse-connections.mount',
  'dev-hugepages.mount',
  'systemd-udevd.service',
  'systemd-udev-trigger.service',
  'systemd-logind.service',
];

/**
 * Makes a system tree fit to be a machine, and fit to be held in a checkpoint: nothing in it opens a console
 * or a tty, or waits for hardware; what must be unique per machine is made at its first boot. Works on the
 * tree as the host's root, before its owners are mapped; the tree must be trusted.
 */
export function prepareCheckpointable(tree: string): void {
  const at = (name: string): string => path.join(tree, name);
  mkdirSync(at('ramdisk'), { recursive: true });
  writeFileSync(at('etc/machine-id'), '');
  rmSync(at('var/lib/dbus/machine-id'), { force: true });
  writeFileSync(at('etc/hosts'), '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n');
  rmSync(at('etc/resolv.conf'), { force: true });
  // None means UTC. systemd watches a link there, and no checkpoint takes the watch of a link to another host.
  rmSync(at('etc/localtime'), { force: true });
  if (!existsSync(at('lib/systemd/systemd')) && !existsSync(at('usr/lib/systemd/systemd'))) return;
  const units = at('etc/systemd/system');
  mkdirSync(units, { recursive: true });
  for (const unit of maskedUnits) {
    rmSync(path.join(units, unit), { force: true });
    symlinkSync('/dev/null', path.join(units, unit));
  }
  const journald = at('etc/systemd/journald.conf.d');
  mkdirSync(journald, { recursive: true });
  writeFileSync(
    path.join(journald, 'machine.conf'),
    '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\nForwardToConsole=no\nReadKMsg=no\n',
  );
  // Credentials are kept in a ramfs there, which no checkpoint holds; a machine gets none.
  const services = path.join(units, 'service.d');
  mkdirSync(services, { recursive: true });
  writeFileSync(path.join(services, 'machine.conf'), '[Service]\nImportCredential=\nLoadCredential=\n');
  // What asks the kernel to be told of memory pressure is told of nothing else any more after a restore.
  for (const kind of ['system', 'user']) {
    const settings = at(`etc/systemd/${kind}.conf.d`);
    mkdirSync(settings, { recursive: true });
    writeFileSync(path.join(settings, 'machine.conf'), '[Manager]\nDefaultMemoryPressureWatch=off\n');
  }
}
