/**
 * `npm run daemon:package`: makes `dist/node-daemon-VERSION-linux-ARCH.tar.gz`, all that a host needs beside its
 * own system's packages: the daemon as one file, Node, the systemd unit, install.sh. See docs/installing-a-host.md.
 */
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { arch } from 'node:os';
import path from 'node:path';
import { daemonVersion } from '../src/version.ts';

const packaging = import.meta.dirname;
const daemon = path.dirname(packaging);
const repository = path.dirname(daemon);
/** What the daemon reads at run time from beside its code. */
const assets = ['*.sh', '*.seccomp'];
/** Node made its modules' `require` when it was built for CommonJS; some libraries still ask for it. */
const banner = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);`;

/** Fills `target` with the package's content. Throws when something that belongs into it is missing. */
export async function fillPackage(target: string): Promise<void> {
  const library = path.join(target, 'lib');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(path.join(library, 'bin'), { recursive: true });
  await build({
    entryPoints: [path.join(daemon, 'src/main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outfile: path.join(library, 'node-daemon.mjs'),
    banner: { js: banner },
    logLevel: 'warning',
  });
  const found = assets.flatMap((pattern) => globSync(`src/drivers/**/${pattern}`, { cwd: daemon }));
  for (const file of found) {
    const place = path.join(library, path.basename(file));
    copyFileSync(path.join(daemon, file), place);
  }
  copyFileSync(process.execPath, path.join(library, 'bin/node'));
  copyFileSync(path.join(repository, 'scripts/host/get-criu.sh'), path.join(library, 'get-criu.sh'));
  copyFileSync(path.join(repository, 'docs/installing-a-host.md'), path.join(target, 'installing-a-host.md'));
  for (const name of ['install.sh', 'systemd']) {
    cpSync(path.join(packaging, name), path.join(target, name), { recursive: true });
  }
}

/** Packs it as a tarball in `directory`; gives its name, that of the one directory in it and `.tar.gz`. */
export async function buildPackage(directory: string): Promise<string> {
  const name = `node-daemon-${daemonVersion}-linux-${arch()}`;
  const file = `${name}.tar.gz`;
  await fillPackage(path.join(directory, name));
  const owners = ['--owner=0', '--group=0'];
  execFileSync('tar', ['-C', directory, ...owners, '-czf', path.join(directory, file), name]);
  return file;
}

if (import.meta.main) {
  const file = await buildPackage(path.join(repository, 'dist'));
  process.stdout.write(`dist/${file}\n`);
}
