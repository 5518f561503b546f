import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two commands that are started at once install one after the other. */
const lock = join(tmpdir(), 'container-control-plane.apt-lock');

/** Installs Debian packages by apt-get, showing what it prints; whether that succeeded. Needs root. */
export function installHostPackages(names: readonly string[]): boolean {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args: readonly string[]): boolean =>
    spawnSync('flock', [lock, 'apt-get', ...args], { stdio: 'inherit', env: environment }).status === 0;
  return run(['update', '-q']) && run(['install', '-y', '-q', '--no-install-recommends', ...names]);
}
