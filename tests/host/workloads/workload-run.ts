import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { DaemonProcess } from '../../../node-daemon/src/testing/daemon-process.ts';
import type { FakeControlPlane } from '../../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec } from '../../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../../node-daemon/src/testing/wait-for.ts';
import { workloadImage } from './build-workload-image.ts';
import type { Workload } from './workloads.ts';

const programs = path.join(import.meta.dirname, 'programs');
const beatTimeoutMs = 30_000;
/** Beats before the snapshot, after it, and after the restore. */
const beatsBetween = 12;

export type WorkloadResult =
  { readonly outcome: 'restored' } | { readonly outcome: 'refused'; readonly reason: string };

/** One workload in a machine of its own: held and brought back, or refused while it goes on. */
export class WorkloadRun {
  readonly #control: FakeControlPlane;
  readonly #daemon: DaemonProcess;
  readonly #workload: Workload;
  readonly #spec: ReturnType<typeof makeSpec>;

  constructor(control: FakeControlPlane, daemon: DaemonProcess, workload: Workload) {
    this.#control = control;
    this.#daemon = daemon;
    this.#workload = workload;
    this.#spec = makeSpec({
      image: workload.image ?? workloadImage,
      memory_bytes: 512 * 1024 * 1024,
      ramdisk: workload.ramdisk === true,
    });
  }

  /** Throws when the machine is harmed, whatever the outcome is. */
  async run(): Promise<WorkloadResult> {
    try {
      const created = await this.#control.run(this.#spec, 'create');
      if (created.type === 'failed') throw new Error(`create: ${created.error.message}`);
      await this.#start();
      await this.#beatsPast(beatsBetween);
      return await this.#snapshotAndRestore();
    } finally {
      await this.#control.run(this.#spec, 'delete');
    }
  }

  async #snapshotAndRestore(): Promise<WorkloadResult> {
    const parameters = { snapshot_name: 'held' };
    const held = await this.#control.run(this.#spec, 'snapshot', {
      parameters: { ...parameters, stateful: true },
    });
    const at = await this.#beats();
    await this.#beatsPast(at + beatsBetween);
    if (held.type === 'failed') {
      // Refused before anything was frozen: an operation that had begun would name its step.
      const isLate = this.#workload.isFoundByCriu === true;
      if ((held.error.step !== undefined) !== isLate)
        throw new Error(`${held.error.step}: ${held.error.message}`);
      await this.#expectOneLife();
      return { outcome: 'refused', reason: held.error.message };
    }
    await this.#shell('touch /root/later');
    const restored = await this.#control.run(this.#spec, 'restore', {
      parameters: { ...parameters, run_after: true },
    });
    if (restored.type === 'failed') throw new Error(`restore: ${restored.error.message}`);
    if (restored.result.restored_as !== 'memory')
      throw new Error(`came back as ${restored.result.restored_as}`);
    if ((await this.#shell('ls /root')).split('\n').includes('later'))
      throw new Error('The disk was not brought back.');
    await this.#beatsPast(at + beatsBetween);
    await this.#expectOneLife();
    return { outcome: 'restored' };
  }

  async #start(): Promise<void> {
    const { command, isLeftByExec, image } = this.#workload;
    // In one go: a command of its own for each of them would take longer than all else.
    const end = `END-${randomUUID()}`;
    const writes = readdirSync(programs).map((name) => {
      const text = readFileSync(path.join(programs, name), 'utf8');
      return `cat >/root/${name} <<'${end}'\n${text}${end}\n`;
    });
    await this.#shell(writes.join(''));
    if (image !== undefined) {
      await waitFor('systemd to be up', async () =>
        /running|degraded/.test(await this.#shell('systemctl is-system-running 2>/dev/null')),
      );
      const unit = '[Service]\nType=exec\nExecStart=/bin/sh /root/shell.sh\n';
      await this.#shell(`printf '${unit}' >/etc/systemd/system/work.service && systemctl start work`);
      return;
    }
    const session = isLeftByExec === true ? '' : 'setsid ';
    const quoted = `cd /root && exec ${command}`;
    await this.#shell(`${session}sh -c '${quoted}' </dev/null >/root/output 2>&1 &`);
  }

  async #shell(command: string): Promise<string> {
    return this.#daemon.shell(this.#spec.container_id, command);
  }

  async #beats(): Promise<number> {
    return Number(await this.#shell('cat /root/beats 2>/dev/null | wc -l'));
  }

  async #beatsPast(count: number): Promise<number> {
    try {
      return await waitFor(
        `beat ${count}`,
        async () => {
          const beats = await this.#beats();
          return beats > count ? beats : undefined;
        },
        beatTimeoutMs,
      );
    } catch (error) {
      throw new Error(`${String(error)}\n${await this.#shell('tail -n 5 /root/output /root/beats; ps')}`, {
        cause: error,
      });
    }
  }

  /** Every beat is there once and in order, of one and the same process, and nothing was ever damaged. */
  async #expectOneLife(): Promise<void> {
    const text = await this.#shell('cat /root/beats');
    const lines = text.split('\n').map((line) => line.split(' '));
    const gap = lines.findIndex(([beat], index) => Number(beat) !== index + 1);
    if (gap >= 0) throw new Error(`Beat ${gap + 1} is ${lines[gap]?.join(' ')}.`);
    if (new Set(lines.map(([, name]) => name)).size !== 1) throw new Error('It began anew.');
    const damaged = lines.find(([, , state]) => state !== 'ok');
    if (damaged !== undefined) throw new Error(`Damaged: ${damaged.join(' ')}`);
  }
}
