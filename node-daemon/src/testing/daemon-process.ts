import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import {
  executeThroughDaemon,
  listMachinesOfDaemon,
  readDaemonStatus,
  type ExecuteAnswer,
  type MachinesAnswer,
  type StatusAnswer,
} from '../local-api/client.ts';
import { waitFor } from './wait-for.ts';

/** Its source, unless a packed one is to be tested: NODE_DAEMON_MAIN. */
const main = process.env['NODE_DAEMON_MAIN'] ?? path.join(import.meta.dirname, '..', 'main.ts');

export type DaemonProcessOptions = {
  readonly dataDir: string;
  readonly controlUrl: string;
  readonly joinToken: string;
  readonly onExit?: 'keep' | 'stop';
  readonly fault?: string;
  /** `ADDRESS:PORT` for transfers; absent: none. */
  readonly transferListen?: string;
  /** `auto` by default. */
  readonly driver?: string;
  /** `debug` by default. */
  readonly logLevel?: string;
  /** More variables for its environment. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** A real daemon in a process of its own. */
export class DaemonProcess {
  /** All that this process started, for whoever shows their logs when something went wrong. */
  static readonly started: DaemonProcess[] = [];
  readonly dataDir: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #output = '';

  constructor(options: DaemonProcessOptions) {
    this.dataDir = options.dataDir;
    this.#child = spawn(process.execPath, [main, 'run', ...argumentsOf(options)], {
      env: {
        ...process.env,
        ...options.environment,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? path.join(options.dataDir, 'compile-cache'),
        NODE_DAEMON_FAULT: options.fault ?? '',
      },
      // The last is a file of ours that must not get into machines.
      stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    DaemonProcess.started.push(this);
  }

  /** Everything that it logged. */
  get output(): string {
    return this.#output;
  }

  /** How many descriptors it has open. */
  descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#exited;
  }

  /** Ends it cleanly. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return (await this.#exited).code;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  ready(): Promise<StatusAnswer> {
    return waitFor('the daemon’s local socket', async () => {
      if (this.hasExited) throw new Error(`The daemon ended:\n${this.#output}`);
      return readDaemonStatus(this.dataDir).catch(() => undefined);
    });
  }

  async machines(): Promise<MachinesAnswer['machines']> {
    return (await listMachinesOfDaemon(this.dataDir)).machines;
  }

  execute(container: string, ...argv: string[]): Promise<ExecuteAnswer> {
    return executeThroughDaemon(this.dataDir, { container, argv });
  }

  /** Runs a shell command in a machine; its standard output without the last line break. */
  async shell(container: string, command: string): Promise<string> {
    const answer = await this.execute(container, '/bin/sh', '-c', command);
    return Buffer.from(answer.stdout_base64, 'base64').toString().trimEnd();
  }
}

function argumentsOf(options: DaemonProcessOptions): string[] {
  const values = {
    'data-dir': options.dataDir,
    'control-url': options.controlUrl,
    'join-token': options.joinToken,
    'on-exit': options.onExit ?? 'keep',
    'transfer-listen': options.transferListen ?? 'off',
    'metrics-port': '0',
    driver: options.driver ?? 'auto',
    'log-level': options.logLevel ?? 'debug',
  };
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}
