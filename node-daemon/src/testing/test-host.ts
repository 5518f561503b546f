import type { MachineSpec } from '@control-plane/contract/link';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bareMachine } from '../drivers/bare-machine.ts';
import { openDriverSet, probeDriverSets } from '../drivers/driver-set.ts';
import { readHostImage } from '../drivers/host-image.ts';
import { DaemonProcess, type DaemonProcessOptions } from './daemon-process.ts';
import { FakeControlPlane } from './fake-control-plane.ts';

/**
 * Why real machines can't be run here; undefined: they can. In CI that is an error, not a reason to skip:
 * a required test that skips is a failure.
 */
export function whyNoMachines(): string | undefined {
  const usable = probeDriverSets().some(({ availability }) => availability.available);
  if (usable) return undefined;
  const reasons = probeDriverSets().map(
    ({ name, availability }) => `${name}: ${availability.available ? '' : availability.reason}`,
  );
  const message = `Real machines can't be run here. ${reasons.join('; ')}`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return message;
}

/** A spec with the defaults of this host. */
export function makeSpec(overrides: Partial<MachineSpec> = {}): MachineSpec {
  return {
    container_id: randomBytes(12).toString('hex'),
    project_id: randomBytes(12).toString('hex'),
    name: 'box',
    image: readHostImage().name,
    cpu_cores: 1,
    memory_bytes: 256 * 1024 * 1024,
    environment_vars: {},
    ssh_public_key: null,
    autostart: false,
    ramdisk: false,
    kvm: false,
    ...overrides,
  };
}

/** A data directory, a control plane and daemons on them; everything is cleared away at the end. */
export class TestHost {
  readonly dataDir = mkdtempSync(path.join(os.tmpdir(), 'nd-'));
  readonly control = new FakeControlPlane();
  readonly #daemons: DaemonProcess[] = [];

  /** Starts a daemon and waits until it is connected. */
  async startDaemon(options: Partial<DaemonProcessOptions> = {}): Promise<DaemonProcess> {
    const before = this.control.ofType('hello').length;
    const daemon = this.spawnDaemon(options);
    await daemon.ready();
    await this.control.connected(before);
    return daemon;
  }

  spawnDaemon(options: Partial<DaemonProcessOptions> = {}): DaemonProcess {
    const daemon = new DaemonProcess({
      dataDir: this.dataDir,
      controlUrl: this.control.url,
      joinToken: this.control.joinToken,
      ...options,
    });
    this.#daemons.push(daemon);
    return daemon;
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons) if (!daemon.hasExited) await daemon.kill();
    await this.control.close();
    const machines = path.join(this.dataDir, 'machines');
    if (existsSync(machines)) {
      const set = openDriverSet('auto', this.dataDir);
      const names = [...readdirSync(machines), ...(await set.container.list())];
      for (const name of new Set(names)) await bareMachine(set, { container_id: name }).delete();
      await set.close();
    }
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
