import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { waitFor } from '../../../node-daemon/src/testing/wait-for.ts';
import { hostTree } from './host-trees.ts';

/** The lab as the host sees it. */
const labAddress = '203.0.113.1';
const outputBytesMax = 16 * 1024 * 1024;

/** What a command on the host printed, both streams in their order, and its exit code; null: it was killed. */
export type HostOutput = { readonly status: number | null; readonly output: string };

/**
 * A whole Debian under systemd, as a host of its own in the lab, with a disk that outlives its shutdowns. It has no
 * network but the lab's, and an archive of its own for what it installs.
 */
export class InstalledHost {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'installed-host-'));
  /** Root of the host's disk, as the lab sees it. */
  readonly root = path.join(this.folder, 'root');
  readonly #name = `host-${randomBytes(4).toString('hex')}`;
  readonly #pidFile = path.join(this.folder, 'pid');
  #console = '';
  #boot: ChildProcess | undefined;
  #ways: Server[] = [];

  constructor(release: string) {
    execFileSync('cp', ['-a', '--reflink=auto', hostTree(release), this.root]);
  }

  /** Starts it and waits until systemd says that it is up; fails when a unit has failed. */
  async boot(): Promise<void> {
    rmSync(this.#pidFile, { force: true });
    this.#console = '';
    const script = path.join(import.meta.dirname, 'boot-host.sh');
    const boot = spawn(script, [this.root, this.#name, this.#pidFile], { stdio: ['ignore', 'pipe', 'pipe'] });
    const listen = (chunk: Buffer): void => {
      this.#console = `${this.#console}${chunk.toString()}`.slice(-8192);
    };
    boot.stdout.on('data', listen);
    boot.stderr.on('data', listen);
    this.#boot = boot;
    await waitFor('the host to boot', async () => {
      if (boot.exitCode !== null) throw new Error(`The host has not come up: ${this.#console}`);
      if (this.#pid() === undefined) return false;
      const { output } = await this.run('systemctl is-system-running');
      if (output.trim() === 'degraded') throw new Error((await this.run('systemctl --failed')).output);
      return output.trim() === 'running';
    });
  }

  /** Runs a script of bash on the host. */
  async run(script: string): Promise<HostOutput> {
    const pid = this.#pid();
    if (pid === undefined) return { status: null, output: 'The host is down.' };
    const words = ['--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
    const child = spawn('nsenter', [...words, '--', '/bin/bash', '-c', `exec 2>&1; ${script}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LC_ALL: 'C.UTF-8', TERM: 'dumb' },
    });
    let output = '';
    const listen = (chunk: Buffer): void => {
      if (output.length < outputBytesMax) output += chunk.toString();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, output }));
    });
  }

  /** As {@link run}; the output, trimmed. Rejects when the script fails. */
  async sh(script: string): Promise<string> {
    const { status, output } = await this.run(script);
    if (status !== 0) throw new Error(`“${script}” ended with ${String(status)}: ${output}`);
    return output.trim();
  }

  /** Shuts it down as its own systemd does; resolves once nothing of it runs any more. */
  async powerOff(): Promise<void> {
    await this.run('systemctl poweroff');
    await this.#end();
  }

  /** A way from the host to a port of the lab's loopback; the address by which the host reaches it. Not before {@link boot}. */
  async reach(port: number): Promise<string> {
    const open = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => (open.delete(from), to.destroy()));
        from.pipe(to);
      }
    });
    server.on('close', () => open.forEach((socket) => socket.destroy()));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, labAddress, resolve);
    });
    this.#ways.push(server);
    return `${labAddress}:${port}`;
  }

  /** Ends it at once, if it runs, and removes its disk. */
  async close(): Promise<void> {
    for (const way of this.#ways) way.close();
    const pid = this.#pid();
    if (this.#boot !== undefined && pid !== undefined) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await this.#end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Number of its pid 1 in the lab; undefined while it is down or not yet up. */
  #pid(): number | undefined {
    const pid = existsSync(this.#pidFile) ? Number(readFileSync(this.#pidFile, 'utf8')) : 0;
    return pid > 1 ? pid : undefined;
  }

  async #end(): Promise<void> {
    const boot = this.#boot;
    if (boot === undefined) return;
    await waitFor('the host to go down', () => boot.exitCode !== null || boot.signalCode !== null, 60_000);
    this.#boot = undefined;
    rmSync(this.#pidFile, { force: true });
  }
}
