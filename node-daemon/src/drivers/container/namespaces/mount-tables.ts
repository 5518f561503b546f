import path from 'node:path';
import { deviceNodes } from './host-userland.ts';
import type { Layout } from './layout.ts';

/** How far a machine is separated from the host's users. */
export type IsolationMode =
  /** Root inside is an unprivileged uid outside. */
  | 'mapped'
  /** The daemon runs as an ordinary user, who is root inside. */
  | 'user'
  /** No user namespace: root with dropped capabilities. */
  | 'plain';

export type MountTableRequest = {
  readonly layout: Layout;
  readonly mode: IsolationMode;
  readonly volume: string;
  /** Directories of the host's root that are no links into /usr. */
  readonly userlandDirectories: readonly string[];
  /** False: the host's /usr is bound read-only instead. */
  readonly overlay: boolean;
  /** Host uid that is root inside. */
  readonly rootUid: number;
  /** Entries of /proc that root without a user namespace may only read. */
  readonly protectedProcEntries: readonly string[];
  /** Host directory of the memory disk, or null. */
  readonly ramdisk: string | null;
};

/** The three tables that `boot.sh` hands to `mount -a`, in fstab syntax. */
export type MountTables = { readonly tree: string; readonly devices: string; readonly inner: string };

/** Builds the mount tables of one machine. Overlay paths are relative: boot.sh stands in the volume. */
export function buildMountTables(request: MountTableRequest): MountTables {
  const { layout, mode, volume, overlay, rootUid, ramdisk } = request;
  const stage = layout.stage;
  const machine = path.join(stage, 'machine');
  // A tmpfs that is mounted outside of the machine's user namespace must be given to its root.
  const owner = mode === 'mapped' ? `,uid=${rootUid},gid=${rootUid}` : '';
  const overlayOptions = `lowerdir=/usr,upperdir=usr,workdir=work${mode === 'user' ? ',userxattr' : ''}`;
  const tree = [
    line(stage, stage, 'none', 'bind'),
    line('/usr', path.join(stage, 'usr'), 'none', mode === 'user' ? 'rbind' : 'bind,ro'),
    line(path.join(volume, 'root'), machine, 'none', 'bind'),
    overlay
      ? line('overlay', path.join(machine, 'usr'), 'overlay', overlayOptions)
      : line('/usr', path.join(machine, 'usr'), 'none', mode === 'user' ? 'rbind' : 'bind,ro'),
    line('tmpfs', path.join(machine, 'dev'), 'tmpfs', `mode=755,size=1m,nosuid${owner}`),
    line('tmpfs', path.join(machine, 'run'), 'tmpfs', `mode=755,size=64m,nosuid,nodev${owner}`),
  ];
  for (const name of request.userlandDirectories) {
    for (const root of [stage, machine]) tree.push(line(`/${name}`, path.join(root, name), 'none', 'rbind'));
  }
  if (ramdisk !== null) tree.push(line(ramdisk, path.join(machine, 'ramdisk'), 'none', 'bind'));
  const devices = deviceNodes.map((name) =>
    line(`/dev/${name}`, path.join(machine, 'dev', name), 'none', 'bind'),
  );
  devices.push(
    line('tmpfs', path.join(machine, 'dev', 'shm'), 'tmpfs', `mode=1777,size=64m,nosuid,nodev${owner}`),
  );
  devices.push(line(stage, layout.outer, 'none', 'rbind'));
  const assembled = layout.inner;
  const boot = path.join(assembled, 'boot');
  // Bound anew, because a mount that was inherited from outside of a user namespace can't become the root.
  const inner = [
    line(layout.outer, assembled, 'none', 'rbind'),
    line('proc', path.join(assembled, 'proc'), 'proc', 'nosuid,nodev,noexec'),
    line('sysfs', path.join(assembled, 'sys'), 'sysfs', 'nosuid,nodev,noexec'),
    line(path.join(assembled, 'machine'), boot, 'none', 'rbind'),
    line('proc', path.join(boot, 'proc'), 'proc', 'nosuid,nodev,noexec'),
    line(
      'devpts',
      path.join(boot, 'dev', 'pts'),
      'devpts',
      'newinstance,ptmxmode=0666,mode=620,nosuid,noexec',
    ),
  ];
  if (mode === 'plain') {
    // Without a user namespace the kernel would let root inside write these.
    for (const name of request.protectedProcEntries) {
      const target = path.join(boot, 'proc', name);
      inner.push(line(target, target, 'none', 'bind,ro'));
    }
  }
  return { tree: join(tree), devices: join(devices), inner: join(inner) };
}

function join(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

/** One fstab line; blanks, tabs, newlines and backslashes of paths are written in octal, as fstab(5) says. */
function line(source: string, target: string, type: string, options: string): string {
  const escape = (text: string): string =>
    text.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `${escape(source)} ${escape(target)} ${type} ${options} 0 0`;
}
