import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { IsolationMode } from './mount-tables.ts';

/** Whether machines of plain namespaces can run here, and how well they can be separated. */
export type NamespacesProbe =
  | {
      readonly available: true;
      readonly mode: IsolationMode;
      readonly overlay: boolean;
      readonly notes: readonly string[];
    }
  | { readonly available: false; readonly reason: string };

const neededTools = [
  'unshare', 'nsenter', 'setpriv', 'mount', 'umount', 'pivot_root', 'hostname', 'chroot', 'cp', 'env', 'sleep',
]; // prettier-ignore
const namespaceOptions = ['--fork', '--mount', '--pid', '--uts', '--ipc', '--net'];

/** Tries out on this host what the driver needs; `probeDirectory` is on the file system of the volumes. */
export function probeNamespaces(probeDirectory: string): NamespacesProbe {
  if (process.platform !== 'linux') return { available: false, reason: 'it needs Linux' };
  const missing = findMissingTools();
  if (missing.length > 0) return { available: false, reason: `missing tools: ${missing.join(', ')}` };
  const isRoot = process.geteuid?.() === 0;
  const userNamespace = runs('unshare', ['--user', '--map-root-user', ...namespaceOptions, 'true']);
  const plainNamespaces = isRoot && runs('unshare', [...namespaceOptions, 'true']);
  if (!userNamespace && !plainNamespaces) {
    const reason = isRoot
      ? 'the kernel refuses new namespaces even to root (a container without the privilege to make them?)'
      : 'the kernel refuses user namespaces to ordinary users (sysctl kernel.unprivileged_userns_clone, ' +
        'user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns), and the daemon is not root';
    return { available: false, reason };
  }
  const mode: IsolationMode = isRoot ? (userNamespace && plainNamespaces ? 'mapped' : 'plain') : 'user';
  const overlay = tryOverlay(probeDirectory, mode);
  const notes: string[] = [];
  if (mode === 'user')
    notes.push('As root, machines would have uids of their own, memory disks and enforced limits.');
  if (mode === 'plain') notes.push('With user namespaces, root inside a machine would be nobody outside.');
  if (!overlay) notes.push('With overlayfs on the data directory, machines could change files under /usr.');
  return { available: true, mode, overlay, notes };
}

/**
 * A command with the rights of root inside a machine over the daemon's own files. An ordinary user needs a
 * user namespace for that: overlayfs and machines make files that their owner may not enter or read.
 */
export function asMachineRoot(
  mode: IsolationMode,
  argv: readonly string[],
): [command: string, rest: string[]] {
  const [command = 'true', ...rest] =
    mode === 'user' ? ['unshare', '--user', '--map-root-user', '--', ...argv] : argv;
  return [command, rest];
}

function findMissingTools(): string[] {
  const script = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done';
  const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', ...neededTools], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

function tryOverlay(directory: string, mode: IsolationMode): boolean {
  for (const name of ['upper', 'work', 'merged']) mkdirSync(path.join(directory, name), { recursive: true });
  const options = `lowerdir=/usr,upperdir=upper,workdir=work${mode === 'user' ? ',userxattr' : ''}`;
  const enter = mode === 'user' ? ['--user', '--map-root-user', '--mount'] : ['--mount'];
  const command = `mount -t overlay overlay -o ${options} merged && : >merged/probe`;
  const worked = runs('unshare', [...enter, '--propagation', 'private', '/bin/sh', '-c', command], directory);
  runs(...asMachineRoot(mode, ['rm', '-rf', '--one-file-system', '--', directory]));
  return worked;
}

function runs(command: string, commandArguments: readonly string[], cwd = '/'): boolean {
  const result = spawnSync(command, commandArguments, { cwd, stdio: 'ignore', timeout: 10_000 });
  return result.status === 0;
}
