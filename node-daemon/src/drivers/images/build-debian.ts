import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Debian releases that can be built, by their numbers. */
export const debianSuites: Readonly<Record<string, string>> = { '12': 'bookworm', '13': 'trixie' };

const basePackages = 'systemd-sysv,iproute2,iputils-ping,procps,ca-certificates,netbase';

/**
 * Builds a small Debian with systemd into `tree`, as the host's root, from the mirror that this host uses
 * itself. Takes about a minute. Rejects with debootstrap's last words. `onLine` is told what it is doing;
 * `extraPackages` come on top of those that every machine has.
 */
export async function buildDebian(
  release: string,
  tree: string,
  onLine: (line: string) => void,
  extraPackages: readonly string[] = [],
): Promise<void> {
  const suite = debianSuites[release];
  if (suite === undefined) throw new Error(`There is no recipe for Debian ${release}.`);
  // Without a mirror of the host's own, debootstrap takes its default.
  const mirror = findMirror();
  const options = ['--variant=minbase', `--include=${[basePackages, ...extraPackages].join(',')}`];
  const place = mirror === undefined ? [suite, tree] : [suite, tree, mirror];
  // What it mounts into the tree is gone with it, however it ends.
  const wrapped = ['--mount', '--propagation', 'private', 'debootstrap'];
  const child = spawn('unshare', [...wrapped, ...options, ...place], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
  let last = '';
  const listen = (chunk: Buffer): void => {
    for (const line of chunk.toString().split('\n')) {
      if (line.trim() === '') continue;
      last = line.trim();
      onLine(last);
    }
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`debootstrap failed: ${last}`);
}

/** The Debian mirror in the host's own apt sources, old or new style; undefined when there is none. */
export function findMirror(directory = '/etc/apt'): string | undefined {
  const parts = path.join(directory, 'sources.list.d');
  const files = [
    ...(existsSync(parts) ? readdirSync(parts).map((name) => path.join(parts, name)) : []),
    path.join(directory, 'sources.list'),
  ];
  for (const file of files.filter((name) => existsSync(name))) {
    const mirror = parseMirror(readFileSync(file, 'utf8'));
    if (mirror !== undefined) return mirror;
  }
  return undefined;
}

/** The first address of a Debian archive in an apt source file. */
export function parseMirror(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const address = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(https?:\/\/\S+)/.exec(line.trim())?.[1];
    if (address !== undefined && /\/debian\/?$/.test(address)) return address;
  }
  return undefined;
}
