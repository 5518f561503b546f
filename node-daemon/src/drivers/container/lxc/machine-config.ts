import path from 'node:path';
import { machineIdCount } from './layout.ts';

const sharedConfigs = ['/usr/share/lxc/config/common.conf', '/usr/share/lxc/config/userns.conf'];
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const gateScript = path.join(import.meta.dirname, 'start-gate.sh');
/**
 * LXC's own denials, and io_uring as if this kernel had none: it passes by much of what guards a host, and no
 * checkpoint can hold it. Programs that would use it fall back.
 */
const seccompProfile = path.join(import.meta.dirname, 'machine.seccomp');

/**
 * Hooks that packages of the host (lxcfs is one) put into the shared configuration: they need a PATH that is not
 * ours, and mount FUSE into machines, which no checkpoint can hold.
 */
export const withoutHostHooks: readonly string[] = ['lxc.hook.mount =', 'lxc.hook.post-stop ='];

export type MachineConfigRequest = {
  readonly hostname: string;
  readonly rootfs: string;
  /** Host uid and gid that are root inside. */
  readonly rootUid: number;
  /** Groups of the machine and of its monitor, relative to each hierarchy's top. */
  readonly containerGroup: string;
  readonly monitorGroup: string;
  readonly log: string;
  readonly gateReady: string;
  readonly gateGo: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Host directory of the memory disk, or null. */
  readonly ramdisk: string | null;
  /** Device node to show as /dev/kvm, or null. */
  readonly kvm: string | null;
};

/**
 * The LXC configuration of one machine: uid-mapped, in groups of the daemon's own, with nothing that a
 * checkpoint can't hold (no console, no ttys, no network device of LXC's: the daemon connects it from outside).
 * A variable whose value has line breaks can't be written here; such ones are only in /etc/environment.
 */
export function machineConfig(request: MachineConfigRequest): string {
  const { rootUid } = request;
  // LXC takes quotes away that enclose a whole value: the first word has none.
  const gate = ['/bin/sh', ...[gateScript, request.gateReady, request.gateGo].map(shellQuote)].join(' ');
  const lines = [
    ...sharedConfigs.map((file) => `lxc.include = ${file}`),
    ...withoutHostHooks,
    `lxc.seccomp.profile = ${seccompProfile}`,
    `lxc.uts.name = ${request.hostname}`,
    `lxc.rootfs.path = dir:${request.rootfs}`,
    `lxc.idmap = u 0 ${rootUid} ${machineIdCount}`,
    `lxc.idmap = g 0 ${rootUid} ${machineIdCount}`,
    'lxc.init.cmd = /sbin/init',
    'lxc.net.0.type = empty',
    'lxc.console.path = none',
    'lxc.tty.max = 0',
    `lxc.cgroup.dir.container = ${request.containerGroup}`,
    `lxc.cgroup.dir.monitor = ${request.monitorGroup}`,
    `lxc.log.file = ${request.log}`,
    'lxc.log.level = ERROR',
    `lxc.hook.start-host = ${gate}`,
    `lxc.environment = PATH=${searchPath}`,
    'lxc.environment = HOME=/root',
    // For systemd as pid 1; the image says the same for its services. See prepare-checkpointable.ts.
    'lxc.environment = MEMORY_PRESSURE_WATCH=/dev/null',
  ];
  for (const [name, value] of Object.entries(request.environment)) {
    if (!/[\n\r\0]/.test(value)) lines.push(`lxc.environment = ${name}=${value}`);
  }
  if (request.ramdisk !== null) {
    lines.push(`lxc.mount.entry = ${mountField(request.ramdisk)} ramdisk none bind,create=dir 0 0`);
  }
  if (request.kvm !== null) {
    lines.push(`lxc.mount.entry = ${mountField(request.kvm)} dev/kvm none bind,create=file 0 0`);
  }
  return `${lines.join('\n')}\n`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Blanks, tabs and backslashes of a path are written in octal, as fstab(5) says. */
function mountField(text: string): string {
  return text.replace(/[ \t\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
