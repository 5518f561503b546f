import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MarkedOutput } from './marked-output.ts';

/** What `build.sh` made. */
export type GuestParts = { readonly emulator: string; readonly image: string };

export type GuestOptions = GuestParts & {
  /** Holds the disks already: checkout.img, one.img and two.img. */
  readonly runDirectory: string;
  readonly cpus: number;
};

const socketTimeoutMs = 30_000;
/** Emulated, on a busy machine; 15 to 30 seconds are usual. */
const bootTimeoutMs = 150_000;

/** A virtual machine that runs scripts one after the other. */
export class Guest {
  readonly #emulator: ChildProcess;
  readonly #runDirectory: string;
  #control: Socket | undefined;

  private constructor(options: GuestOptions) {
    const script = join(import.meta.dirname, 'run-guest.sh');
    const words = [options.emulator, options.image, options.runDirectory, String(options.cpus)];
    this.#runDirectory = options.runDirectory;
    this.#emulator = spawn(script, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  }

  /**
   * Boots; returns when the guest takes scripts. Throws with what its kernel said when it does not get there.
   * `onBooting` gets the machine at once, for whoever may have to stop it.
   */
  static async boot(options: GuestOptions, onBooting: (guest: Guest) => void): Promise<Guest> {
    rmSync(join(options.runDirectory, 'control.sock'), { force: true });
    const guest = new Guest(options);
    onBooting(guest);
    try {
      guest.#control = await guest.#connect();
      const timer = setTimeout(() => guest.#emulator.kill('SIGKILL'), bootTimeoutMs);
      const status = await guest.run('zpool list -H -o name one two', () => undefined);
      clearTimeout(timer);
      if (status !== 0) throw new Error('The guest has no ZFS pools.');
      return guest;
    } catch (error) {
      await guest.stop();
      const console = guest.readConsole();
      throw new Error(`The virtual machine did not boot.\n${console.split('\n').slice(-15).join('\n')}`, {
        cause: error,
      });
    }
  }

  /**
   * Runs a bash script as root in the guest, and passes on what it prints. Gives its exit status; throws when
   * the guest ends in the middle.
   */
  async run(script: string, onOutput: (text: string) => void): Promise<number> {
    const control = this.#control;
    if (control === undefined) throw new Error('The guest is not connected.');
    const mark = randomBytes(16).toString('hex');
    const output = new MarkedOutput(mark);
    control.write(`${mark} ${Buffer.from(script).toString('base64')}\n`);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        control.off('data', take);
        control.off('close', lost);
      };
      const lost = (): void => {
        settle();
        reject(new Error('The guest ended.'));
      };
      const take = (chunk: Buffer): void => {
        const text = output.take(chunk);
        if (text !== '') onOutput(text);
        if (output.status === undefined) return;
        settle();
        resolve(output.status);
      };
      control.on('data', take);
      control.once('close', lost);
    });
  }

  /** What its kernel and its pid 1 said so far. */
  readConsole(): string {
    const file = join(this.#runDirectory, 'console.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Ends it at once; its disks are of no use afterwards. */
  async stop(): Promise<void> {
    this.#control?.destroy();
    if (this.#emulator.exitCode !== null || this.#emulator.signalCode !== null) return;
    this.#emulator.kill('SIGKILL');
    await once(this.#emulator, 'exit');
  }

  async #connect(): Promise<Socket> {
    const deadline = performance.now() + socketTimeoutMs;
    for (;;) {
      const socket = createConnection(join(this.#runDirectory, 'control.sock'));
      try {
        await once(socket, 'connect');
        socket.on('error', () => undefined);
        return socket;
      } catch (error) {
        if (this.#emulator.exitCode !== null || performance.now() > deadline) throw error;
        await delay(50);
      }
    }
  }
}
