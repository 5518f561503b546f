import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { findBusybox } from '../../images/build-busybox.ts';
import { lxcSearchPath, machineIdCount, machineRootUid } from './layout.ts';
import { withoutHostHooks } from './machine-config.ts';
import { findClosedParent } from './open-way.ts';

export type LxcProbe = { readonly available: true } | { readonly available: false; readonly reason: string };

const neededFiles = [
  '/usr/bin/lxc-start',
  '/usr/bin/lxc-attach',
  '/usr/bin/lxc-usernsexec',
  '/usr/share/lxc/config/common.conf',
  '/usr/share/lxc/config/userns.conf',
];
const neededTools = ['ip', 'bridge', 'nft', 'nsenter', 'mkfifo', 'mknod', 'tar', 'cp', 'du'];
const startTimeoutMs = 30_000;
/** What the network driver will need, tried out in a network namespace that goes away with the shell. */
const networkScript = `ip link add nd-probe type bridge &&
ip link add vprobe type veth peer name eth0 && ip link set dev vprobe master nd-probe &&
ip link set dev vprobe type bridge_slave isolated on learning off &&
nft add table inet probe &&
nft add chain inet probe nat '{ type nat hook postrouting priority srcnat; }' &&
nft add rule inet probe nat ip saddr 10.128.0.0/22 masquerade`;

/**
 * Finds out whether unprivileged LXC machines with a network really run here: starts one of nothing but
 * busybox in `directory`, which must be below the data directory. Takes about 0.1 s.
 */
export function probeLxc(directory: string): LxcProbe {
  if (process.platform !== 'linux') return unavailable('it needs Linux');
  if (process.geteuid?.() !== 0) return unavailable('the daemon is not root');
  const missing = [...neededFiles.filter((file) => !isReadable(file)), ...findMissingTools()];
  if (missing.length > 0) return unavailable(`missing: ${missing.join(', ')}`);
  const busybox = findBusybox();
  if (busybox === undefined || !isStatic(busybox)) return unavailable('missing: busybox-static');
  const closed = findClosedParent(directory);
  if (closed !== undefined)
    return unavailable(`machines can't pass through ${closed} (chmod o+x would let them)`);
  if (spawnSync('unshare', ['--net', '/bin/sh', '-c', networkScript]).status !== 0) {
    return unavailable('the kernel refuses a bridge, veth pairs or nftables NAT');
  }
  return tryMachine(directory, busybox);
}

/** As {@link probeLxc}, once per boot of the host and version of LXC: the answer is kept in `file`. */
export function probeLxcOncePerBoot(directory: string, file: string, bootId: string): LxcProbe {
  const stamp = `${bootId} ${statSync('/usr/bin/lxc-start', { throwIfNoEntry: false })?.mtimeMs ?? 0}`;
  if (readText(file) === stamp) return { available: true };
  const probe = probeLxc(directory);
  // Only success is kept: what was missing may be installed a moment later.
  if (probe.available) writeFileSync(file, stamp);
  return probe;
}

function tryMachine(directory: string, busybox: string): LxcProbe {
  const name = `probe-${process.pid}`;
  const machine = path.join(directory, name);
  const root = path.join(machine, 'root');
  try {
    rmSync(machine, { recursive: true, force: true });
    mkdirSync(path.dirname(directory), { recursive: true, mode: 0o711 });
    for (const made of [directory, machine]) mkdirSync(made, { recursive: true, mode: 0o711 });
    for (const made of ['', 'bin', 'dev', 'proc', 'sys']) {
      mkdirSync(path.join(root, made), { recursive: true });
      chownSync(path.join(root, made), machineRootUid, machineRootUid);
    }
    copyFileSync(busybox, path.join(root, 'bin/busybox'));
    chmodSync(path.join(root, 'bin/busybox'), 0o755);
    const lines = [
      'lxc.include = /usr/share/lxc/config/common.conf',
      'lxc.include = /usr/share/lxc/config/userns.conf',
      ...withoutHostHooks,
      `lxc.rootfs.path = dir:${root}`,
      `lxc.idmap = u 0 ${machineRootUid} ${machineIdCount}`,
      `lxc.idmap = g 0 ${machineRootUid} ${machineIdCount}`,
      'lxc.net.0.type = empty',
      'lxc.console.path = none',
      'lxc.tty.max = 0',
      'lxc.init.cmd = /bin/busybox true',
    ];
    writeFileSync(path.join(machine, 'config'), `${lines.join('\n')}\n`);
    const { status, stderr } = spawnSync('/usr/bin/lxc-start', ['-P', directory, '-n', name, '-F'], {
      cwd: '/',
      env: { PATH: lxcSearchPath },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: startTimeoutMs,
      encoding: 'utf8',
    });
    if (status === 0) return { available: true };
    const word = / - ([^-]*)$/.exec(stderr.split('\n')[0] ?? '')?.[1] ?? 'see lxc-start';
    return unavailable(`LXC is installed but can't start a container here: ${word.trim()}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(path.join('/run/lxc/lock', directory), { recursive: true, force: true });
  }
}

function unavailable(reason: string): LxcProbe {
  return { available: false, reason };
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function findMissingTools(): string[] {
  const script = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done';
  const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', ...neededTools], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** An ELF file that names no interpreter; the first page tells. */
function isStatic(file: string): boolean {
  return !readFileSync(file).subarray(0, 4096).includes('/ld-');
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
