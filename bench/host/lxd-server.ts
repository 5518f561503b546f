import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import type { ImageStore } from '@control-plane/node-daemon/image-store';
import {
  lxcSearchPath,
  machineIdCount,
  machineRootUid,
} from '../../node-daemon/src/drivers/container/lxc/layout.ts';
import { LxdClient } from './lxd-client.ts';

const stopTimeoutMs = 30_000;

/** Btrfs on a loop file like ours; privileged, without console and ttys: what is fastest for LXD. */
const preseed = `storage_pools:
- name: default
  driver: btrfs
  config: {size: 8GiB}
networks:
- name: lxdbr0
  type: bridge
  config: {ipv4.address: 10.99.0.1/24, ipv4.nat: "true", ipv6.address: none}
profiles:
- name: default
  config: {security.privileged: "true", raw.lxc: "lxc.console.path=none\\nlxc.tty.max=0"}
  devices:
    root: {type: disk, path: /, pool: default}
    eth0: {type: nic, network: lxdbr0, name: eth0}
`;

/** An LXD of the bench's own, with its data in a folder of its own. */
export class LxdServer {
  readonly client: LxdClient;
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(directory: string, process: ChildProcess) {
    this.#directory = directory;
    this.#process = process;
    this.client = new LxdClient(path.join(directory, 'unix.socket'));
  }

  /** Starts it in `directory` and sets it up; rejects when it does not answer. */
  static async start(directory: string): Promise<LxdServer> {
    mkdirSync(directory, { mode: 0o711 });
    const log = openSync(path.join(directory, 'out.log'), 'w');
    const environment = { ...process.env, LXD_DIR: directory };
    const daemon = spawn('lxd', ['--logfile', path.join(directory, 'lxd.log')], {
      env: environment,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const server = new LxdServer(directory, daemon);
    await waitFor('LXD', () => server.client.call('GET', '/1.0').then(Boolean, () => false), 30_000);
    const initialised = spawnSync('lxd', ['init', '--preseed'], {
      env: environment,
      input: preseed,
      encoding: 'utf8',
    });
    if (initialised.status !== 0) throw new Error(`LXD could not be set up: ${initialised.stderr}`);
    return server;
  }

  /** LXD's version. */
  async version(): Promise<string> {
    const described = JSON.stringify(await this.client.call('GET', '/1.0'));
    return /"server_version":"([^"]+)"/.exec(described)?.[1] ?? 'unknown';
  }

  /** Gives it an image of ours, tree for tree, under `alias`. */
  importImage(store: ImageStore, name: string, alias: string): void {
    const root = store.rootOf(name);
    if (root === undefined) throw new Error(`There is no image ${name}.`);
    const archive = path.join(this.#directory, `${alias}.tar`);
    const metadata = path.join(this.#directory, 'metadata.yaml');
    writeFileSync(metadata, 'architecture: x86_64\ncreation_date: 1700000000\nproperties: {}\n');
    run('tar', ['-C', this.#directory, '-cf', archive, 'metadata.yaml']);
    // Seen from inside a name space like a machine's, its owners are those that it has inside.
    const mapping = ['-m', `b:0:${machineRootUid}:${machineIdCount}`, '--'];
    const pack = ['/usr/bin/env', 'PATH=/usr/bin:/bin', 'tar', '--numeric-owner', '--xattrs'];
    const renamed = ['--transform', 's,^\\.,rootfs,S', '-cf', '-', '.'];
    const output = openSync(`${archive}.root`, 'w');
    // It starts in its directory, to which it may have no way as that root.
    const packed = spawnSync('/usr/bin/lxc-usernsexec', [...mapping, ...pack, ...renamed], {
      cwd: root,
      // Where LXC finds no `newuidmap` it maps by itself, as root may.
      env: { PATH: lxcSearchPath },
      stdio: ['ignore', output, 'inherit'],
    });
    closeSync(output);
    if (packed.status !== 0) throw new Error(`The image ${name} could not be packed for LXD.`);
    run('tar', ['--concatenate', '--file', archive, `${archive}.root`]);
    run('lxc', ['image', 'import', archive, '--alias', alias], { LXD_DIR: this.#directory });
    for (const file of [archive, `${archive}.root`]) rmSync(file);
  }

  /** Ends it with everything that it has. */
  async stop(): Promise<void> {
    spawnSync('lxd', ['shutdown', '--timeout', '20'], {
      env: { ...process.env, LXD_DIR: this.#directory },
      timeout: stopTimeoutMs,
    });
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL');
    const pool = path.join(this.#directory, 'storage-pools', 'default');
    for (const mount of [
      pool,
      path.join(this.#directory, 'devlxd'),
      path.join(this.#directory, 'shmounts'),
    ]) {
      spawnSync('umount', ['-l', mount]);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function run(
  command: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  const { status, stderr } = spawnSync(command, [...argv], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}
