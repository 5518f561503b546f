import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const directories = [
  'bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'var', 'run', 'ramdisk',
]; // prettier-ignore

const inittab = `::sysinit:/etc/rc
::respawn:/bin/sleep 2147483647
::shutdown:/etc/shutdown
`;

const rc = `#!/bin/sh
mount -t tmpfs -o mode=755,size=16m tmpfs /run
hostname -F /etc/hostname
[ -x /etc/rc.local ] && /etc/rc.local
`;

/** Ends the machine once all have ended; busybox's own init would sleep for two seconds here. */
const shutdown = `#!/bin/sh
kill -TERM -1
n=0
while [ $n -lt 40 ]; do
  set -- /proc/[0-9]*
  [ $# -le 2 ] && break
  n=$((n + 1))
  sleep 0.05
done
sync
poweroff -f
`;

const busyboxFiles = ['/bin/busybox', '/usr/bin/busybox'];

/** The host's busybox; undefined when it has none. */
export function findBusybox(): string | undefined {
  return busyboxFiles.find((file) => existsSync(file));
}

/**
 * A root file system of two megabytes: Debian's static busybox as init and all tools. It opens no console
 * and no tty, so a machine of it can be held in a checkpoint. Throws when the host has no busybox.
 */
export function buildBusybox(root: string): void {
  const busybox = findBusybox();
  if (busybox === undefined) throw new Error('This host has no busybox; Debian’s package is busybox-static.');
  for (const name of directories) mkdirSync(path.join(root, name), { recursive: true });
  chmodSync(path.join(root, 'tmp'), 0o1777);
  chmodSync(path.join(root, 'root'), 0o700);
  symlinkSync('/run', path.join(root, 'var/run'));
  copyFileSync(busybox, path.join(root, 'bin/busybox'));
  chmodSync(path.join(root, 'bin/busybox'), 0o755);
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
  for (const applet of applets) {
    if (applet !== '' && applet !== 'busybox') symlinkSync('/bin/busybox', path.join(root, 'bin', applet));
  }
  symlinkSync('/bin/busybox', path.join(root, 'sbin/init'));
  const files = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/hosts': '127.0.0.1 localhost\n',
    'etc/inittab': inittab,
    'etc/rc': rc,
    'etc/shutdown': shutdown,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(root, name), content);
  for (const script of ['etc/rc', 'etc/shutdown']) chmodSync(path.join(root, script), 0o755);
}
