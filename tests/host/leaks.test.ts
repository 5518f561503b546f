import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { hostTraces } from './support/host-traces.ts';
import { patience } from '../../node-daemon/src/testing/wait-for.ts';
import { RealHost } from './support/real-host.ts';

/** Fewer where each takes long. */
const ROUNDS = Math.max(3, Math.round(20 / patience));
const steps = ['create', 'freeze', 'thaw', 'stop', 'start', 'kill', 'delete'] as const;

describe('many lives', () => {
  const host = new RealHost();
  afterAll(() => host.close());

  it(
    `${ROUNDS} machines made and deleted leave no mount, group, interface, process, file or descriptor`,
    async () => {
      const first = host.machine({ ramdisk: true });
      await first.create();
      await first.delete();
      const before = host.traces();
      const descriptors = readdirSync('/proc/self/fd').length;
      const timings = new Map<string, number[]>(steps.map((step) => [step, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        const machine = host.machine({ ramdisk: round % 2 === 0 });
        const actions = {
          ...machine,
          kill: async () => void (await host.set.container.kill(machine.containerId)),
        };
        for (const step of steps) {
          const startedAt = performance.now();
          await actions[step]();
          timings.get(step)?.push(performance.now() - startedAt);
        }
      }
      for (const [step, durations] of timings) {
        const sorted = durations.toSorted((left, right) => left - right);
        const at = (share: number): string => (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(1);
        process.stdout.write(`lxc ${step}: median ${at(0.5)} ms, p90 ${at(0.9)} ms, ${ROUNDS} times\n`);
      }
      expect(host.traces()).toEqual(before);
      expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptors + 5);
    },
    180_000 * patience,
  );
});

/** Each tenth is an eventful one. */
const LIVES = Math.max(12, Math.round(300 / patience ** 2));
const AT_ONCE = 3;

describe('a daemon that has led many machines through their lives', () => {
  const host = new TestHost();
  const { control } = host;
  beforeAll(() => control.listen());
  afterAll(() => host.close());

  /** One life; each tenth has a pause, a snapshot, a restore and a stop in it as well. */
  async function liveOnce(number: number): Promise<void> {
    const spec = makeSpec({ image: 'busybox', ramdisk: number % 2 === 0 });
    const held = { snapshot_name: 'held' };
    const eventful = ['pause', 'resume', 'snapshot', 'restore', 'stop'] as const;
    const commands = ['create', ...(number % 10 === 0 ? eventful : []), 'delete'] as const;
    for (const [index, command] of commands.entries()) {
      const parameters = command === 'snapshot' || command === 'restore' ? held : {};
      const end = await control.run(spec, command, { incarnation: index + 1, parameters });
      if (end.type === 'failed') throw new Error(`${command}: ${JSON.stringify(end.error)}`);
    }
  }

  it(
    `${LIVES} of them leave nothing on the host and no descriptor open in the daemon`,
    async () => {
      const daemon = await host.startDaemon({ driver: 'lxc', logLevel: 'warn' });
      for (let number = 0; number < AT_ONCE; number += 1) await liveOnce(0);
      const before = hostTraces(host.dataDir);
      const descriptors = daemon.descriptors();
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < LIVES) {
          next += 1;
          await liveOnce(next);
        }
      };
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      const seconds = (performance.now() - startedAt) / 1000;
      process.stdout.write(`${LIVES} lives in ${seconds.toFixed(1)} s, ${AT_ONCE} at a time\n`);
      expect(hostTraces(host.dataDir)).toEqual(before);
      expect(daemon.descriptors()).toBeLessThanOrEqual(descriptors + 5);
      expect(await daemon.machines()).toEqual([]);
      expect(await daemon.stop()).toBe(0);
    },
    300_000 * patience,
  );
});
