import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { RealHost } from './support/real-host.ts';

const ROUNDS = 20;
const steps = ['create', 'freeze', 'thaw', 'stop', 'start', 'kill', 'delete'] as const;

describe('many lives', () => {
  const host = new RealHost();
  afterAll(() => host.close());

  it(`${ROUNDS} machines made and deleted leave no mount, group, interface, process, file or descriptor`, async () => {
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
  }, 180_000);
});
