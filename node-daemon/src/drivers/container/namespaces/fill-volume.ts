import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { HostUserland } from './host-userland.ts';

/** Directories of a new machine's root, with their modes. */
const rootDirectories: Readonly<Record<string, number>> = {
  boot: 0o755, dev: 0o755, etc: 0o755, home: 0o755, media: 0o755, mnt: 0o755, opt: 0o755, proc: 0o555,
  ramdisk: 0o755, root: 0o700, run: 0o755, srv: 0o755, sys: 0o555, tmp: 0o1777, usr: 0o755, var: 0o755,
  'etc/alternatives': 0o755, 'etc/profile.d': 0o755, 'etc/ssl': 0o755, 'etc/ssl/certs': 0o755,
  'var/cache': 0o755, 'var/lib': 0o755, 'var/log': 0o755, 'var/mail': 0o755, 'var/opt': 0o755,
  'var/spool': 0o755, 'var/tmp': 0o1777,
}; // prettier-ignore

/** Directories of /usr in which root inside may add files: they exist in the overlay's upper layer. */
const writableUsrDirectories = [
  '', 'bin', 'sbin', 'lib', 'share', 'include', 'libexec', 'local', 'local/bin', 'local/sbin', 'local/lib',
  'local/share', 'local/etc', 'local/include',
]; // prettier-ignore

/** Mount points that must be real directories at each start, whatever the machine did to them. */
const mountPoints = ['dev', 'mnt', 'proc', 'ramdisk', 'run', 'sys', 'usr'];

/** Host files that are public by their nature, taken as they are when the host has them. */
const publicFiles = [
  'etc/ld.so.cache', 'etc/ld.so.conf', 'etc/protocols', 'etc/services', 'etc/rpc', 'etc/mime.types',
  'etc/debian_version', 'etc/alpine-release', 'etc/ssl/certs/ca-certificates.crt', 'etc/ssl/cert.pem',
  'etc/ssl/openssl.cnf', 'etc/inputrc', 'etc/timezone',
]; // prettier-ignore

const writtenFiles: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n' +
    'mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  'etc/group':
    'root:x:0:\ndaemon:x:1:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nsudo:x:27:\nusers:x:100:\nnogroup:x:65534:\n',
  'etc/hostname': 'localhost\n',
  'etc/hosts': '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n',
  'etc/nsswitch.conf':
    'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n',
  'etc/resolv.conf': '# This machine has no network.\n',
  'etc/environment': '',
  'etc/shells': '/bin/sh\n/bin/bash\n',
  'etc/profile':
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH\n' +
    'if [ -r /etc/environment ]; then set -a; . /etc/environment; set +a; fi\n' +
    'for part in /etc/profile.d/*.sh; do [ ! -r "$part" ] || . "$part"; done\nunset part\n',
  'root/.profile': '[ ! -f ~/.bashrc ] || [ -z "$BASH" ] || . ~/.bashrc\n',
};

/**
 * Fills an empty volume with a minimal root of its own: `root/` (the machine's /), `usr/` (what it changes
 * in /usr) and `work/` (the overlay's). Only public files of the host are copied.
 *
 * `rootUid`: host uid and gid that own everything, root inside. Only for a volume in which nothing of the
 * machine has ever run: it follows no rule about links that a machine may have laid.
 */
export function fillVolume(volume: string, rootUid: number, userland: HostUserland): void {
  const own = (file: string): void => {
    if (process.getuid?.() === 0) lchownSync(file, rootUid, rootUid);
  };
  const makeDirectory = (file: string, mode: number): void => {
    mkdirSync(file);
    own(file);
    chmodSync(file, mode);
  };
  const root = path.join(volume, 'root');
  makeDirectory(root, 0o755);
  makeDirectory(path.join(volume, 'work'), 0o755);
  for (const [name, mode] of Object.entries(rootDirectories)) makeDirectory(path.join(root, name), mode);
  for (const name of userland.directories) makeDirectory(path.join(root, name), 0o755);
  for (const name of writableUsrDirectories) {
    if (lstatSync(path.join('/usr', name), { throwIfNoEntry: false })?.isDirectory() !== false) {
      makeDirectory(path.join(volume, 'usr', name), 0o755);
    }
  }
  const write = (name: string, content: string | Buffer): void => {
    const file = path.join(root, name);
    writeFileSync(file, content, { mode: 0o644 });
    own(file);
  };
  const link = (target: string, name: string): void => {
    const file = path.join(root, name);
    symlinkSync(target, file);
    own(file);
  };
  for (const [name, content] of Object.entries(writtenFiles)) write(name, content);
  for (const name of publicFiles) {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    const isPublic = stat?.isFile() === true && (stat.mode & 0o004) !== 0 && stat.size <= 4 * 1024 * 1024;
    if (isPublic) write(name, readFileSync(`/${name}`));
  }
  for (const [name, target] of userland.links) link(target, name);
  link('../proc/self/mounts', 'etc/mtab');
  link('/run', 'var/run');
  if (existsSync('/usr/lib/os-release')) link('../usr/lib/os-release', 'etc/os-release');
  if (existsSync('/usr/share/zoneinfo/Etc/UTC')) link('/usr/share/zoneinfo/Etc/UTC', 'etc/localtime');
  for (const [name, target] of readAlternatives()) link(target, `etc/alternatives/${name}`);
}

/** Debian's /etc/alternatives as name and target: only the links that lead into /usr. */
function readAlternatives(): [name: string, target: string][] {
  if (!existsSync('/etc/alternatives')) return [];
  return readdirSync('/etc/alternatives', { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink())
    .map((entry): [string, string] => [entry.name, readlinkSync(`/etc/alternatives/${entry.name}`)])
    .filter(([, target]) => target.startsWith('/usr/') && !target.includes('/man/'));
}

/**
 * Puts back the mount points and userland links that a machine may have replaced, before it starts again.
 * The machine must not run. Safe against links: only direct entries of the root are touched, by `lstat`.
 */
export function repairVolume(volume: string, rootUid: number, userland: HostUserland): void {
  const root = path.join(volume, 'root');
  const own = (file: string): void => {
    if (process.getuid?.() === 0) lchownSync(file, rootUid, rootUid);
  };
  for (const name of [...mountPoints, ...userland.directories]) {
    const file = path.join(root, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory()) continue;
    if (stat !== undefined) rmSync(file);
    mkdirSync(file, { mode: 0o755 });
    own(file);
  }
  for (const [name, target] of userland.links) {
    const file = path.join(root, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() && readlinkSync(file) === target) continue;
    if (stat !== undefined) rmSync(file, { recursive: true, force: true });
    symlinkSync(target, file);
    own(file);
  }
}
