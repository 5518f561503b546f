import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openDriverSet } from '@control-plane/node-daemon/driver-set';
import { bareMachine, type BareMachine } from '../../../node-daemon/src/drivers/bare-machine.ts';
import type { DriverSet } from '../../../node-daemon/src/drivers/types.ts';
import { hostTraces } from './host-traces.ts';

type Spec = NonNullable<Parameters<typeof bareMachine>[1]>;

/** A machine of busybox on the real drivers, with a shell. */
export type TestMachine = BareMachine & {
  /** Runs a shell command inside; its output without the last line break. Throws when it can't be run. */
  readonly shell: (command: string, environment?: Readonly<Record<string, string>>) => Promise<string>;
  readonly state: () => Promise<string>;
  readonly initPid: () => Promise<number>;
};

/** The lxc driver set on a data directory of its own. */
export class RealHost {
  readonly dataDir = mkdtempSync(path.join(os.tmpdir(), 'real-host-'));
  set: DriverSet = openDriverSet('lxc', this.dataDir);
  readonly #made: BareMachine[] = [];

  /** Opens the drivers anew on the same data, as a daemon that was restarted does. */
  async reopen(): Promise<void> {
    await this.set.container.close();
    this.set = openDriverSet('lxc', this.dataDir);
  }

  machine(spec: Spec = {}): TestMachine {
    const containerId = spec.container_id ?? randomBytes(12).toString('hex');
    const bare = bareMachine(this.set, { image: 'busybox', ...spec, container_id: containerId });
    this.#made.push(bare);
    return {
      ...bare,
      state: async () => (await this.set.container.observe(containerId)).state,
      initPid: async () => (await this.set.container.observe(containerId)).initPid ?? 0,
      shell: async (command, environment = {}) => {
        const executed = await this.set.container.execute(containerId, {
          argv: ['/bin/sh', '-c', command],
          environment,
          stdin: null,
          timeoutMs: 20_000,
          outputBytesMax: 1024 * 1024,
        });
        if (!executed.ok) throw new Error(executed.failure.message);
        return `${executed.value.stdout.toString()}${executed.value.stderr.toString()}`.trimEnd();
      },
    };
  }

  async close(): Promise<void> {
    for (const machine of this.#made) await machine.delete();
    await this.set.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Everything on this host that machines leave while they exist; equal before and after means no leak. */
  traces(): Record<string, string[]> {
    return hostTraces(this.dataDir);
  }
}
