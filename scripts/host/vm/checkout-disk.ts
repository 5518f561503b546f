import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fillPackage } from '../../../node-daemon/packaging/build-package.ts';
import { REPOSITORY_ROOT } from '../../stack/repository-root.ts';

/** What of the checkout the tests of the guest need; each path is relative to the repository. */
const PARTS = ['package.json', 'node-daemon', 'packages', 'scripts', 'tests'];
/** Packages that only the tests themselves name. */
const TOOLS = ['vitest'];
const WORKSPACES = ['node-daemon', 'packages/contract', 'packages/lifecycle', 'packages/signing'];
const sizeBytes = 2 * 1024 ** 3;

/** The daemon on that disk, as one file: emulated, its sources would take half a minute to be read. */
export const PACKED_DAEMON = 'daemon/lib/node-daemon.mjs';

/** Directory of the images on that disk. */
export const IMAGES = 'images';

/**
 * Writes an ext4 disk with the checkout, the packages that the daemon's tests need, the daemon as hosts get it
 * ({@link PACKED_DAEMON}), Node (`node`) and images, given by their directories in an image store ({@link IMAGES}).
 * Throws when one of them can't be made.
 */
export async function writeCheckoutDisk(file: string, images: readonly string[]): Promise<void> {
  const tree = `${file}.tree`;
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree);
  try {
    for (const part of PARTS) copy(join(REPOSITORY_ROOT, part), join(tree, part));
    for (const name of packageDirectories()) copy(join(REPOSITORY_ROOT, name), join(tree, name));
    copy(join(REPOSITORY_ROOT, 'node_modules/@control-plane'), join(tree, 'node_modules/@control-plane'));
    await fillPackage(join(tree, 'daemon'));
    symlinkSync('daemon/lib/bin/node', join(tree, 'node'));
    mkdirSync(join(tree, IMAGES), { mode: 0o711 });
    // With their owners, devices and attributes.
    for (const image of images) execFileSync('cp', ['--archive', image, join(tree, IMAGES)]);
    writeFileSync(file, '');
    truncateSync(file, sizeBytes);
    const made = spawnSync('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-d', tree, file], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    if (made.status !== 0) throw new Error(`The disk of the checkout could not be made: ${made.stderr}`);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Directories of all packages that are needed, each once, nested ones within those that hold them. */
function packageDirectories(): string[] {
  const found = new Set<string>();
  const open = [
    ...TOOLS.map((name) => ({ name, from: REPOSITORY_ROOT })),
    ...WORKSPACES.flatMap((workspace) => {
      const directory = join(REPOSITORY_ROOT, workspace);
      return dependencies(directory).map((name) => ({ name, from: directory }));
    }),
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const directory = find(next.name, next.from);
    if (directory === undefined || next.name.startsWith('@control-plane/')) continue;
    const path = relative(REPOSITORY_ROOT, directory);
    if (found.has(path)) continue;
    found.add(path);
    open.push(...dependencies(directory).map((name) => ({ name, from: directory })));
  }
  const all = [...found];
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
}

/** Names of what a package needs or may use; what is optional need not be installed. */
function dependencies(directory: string): string[] {
  const content: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (typeof content !== 'object' || content === null) return [];
  const fields = new Map<string, unknown>(Object.entries(content));
  return ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) =>
    Object.keys(fields.get(field) ?? {}),
  );
}

/** Where Node would find a package from a directory; undefined when it is not installed. */
function find(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (directory === dirname(directory)) return undefined;
  }
}

function copy(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => !/\/\.(?:data|wrangler)$/.test(file),
  });
}
