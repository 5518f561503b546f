import { afterAll, describe, expect, it } from 'vitest';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { patience, waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { provideMachine } from './support/provide-machine.ts';

const rounds = 10;

/**
 * Holds a counter and a pattern in memory, a pipe, an established TCP connection and two files that it appends
 * to. Each beat is a line: its number, a name that only memory knows, and how much of the pattern is damaged.
 */
const canary = `#!/bin/sh
tail -f /dev/null | nc -l -p 7000 >/root/received &
while ! netstat -ltn | grep -q :7000; do sleep 0.05; done
awk 'BEGIN {
  srand(); name = int(rand() * 1000000000)
  for (i = 0; i < 50000; i++) pattern[i] = (i * 7919) % 1000003
  for (beat = 1; ; beat++) {
    bad = 0
    for (i = beat % 97; i < 50000; i += 97) if (pattern[i] != (i * 7919) % 1000003) bad++
    line = beat " " name " " bad
    print line >>"/root/beats"; fflush("/root/beats")
    print line; fflush()
    system("sleep 0.02")
  }
}' | nc 127.0.0.1 7000
`;

describe('memory of real machines', () => {
  const machine = provideMachine({ image: 'busybox', memory_bytes: 128 * 1024 * 1024 });
  const { host, shell } = machine;
  const timings: Record<string, number[]> = {};
  afterAll(() => {
    for (const [step, durations] of Object.entries(timings)) {
      const sorted = durations.toSorted((left, right) => left - right);
      const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
      process.stdout.write(`${step}: median ${median.toFixed(1)} ms, ${sorted.length} times\n`);
    }
  });

  const lines = async (file: string): Promise<string[]> => (await shell(`cat ${file}`)).split('\n');
  async function run(command: 'snapshot' | 'restore', name: string): Promise<Ended> {
    const ended = await machine[command](name);
    if (ended.type === 'failed')
      throw new Error(`${command} ${name}: ${ended.error.step}: ${ended.error.message}`);
    for (const step of ended.result.steps) (timings[`${command} ${step.name}`] ??= []).push(step.duration_ms);
    return ended;
  }
  /** Every beat is there once and in order, of one and the same process, with an undamaged pattern. */
  async function expectOneLife(): Promise<number> {
    const beats = (await lines('/root/beats')).map((line) => line.split(' '));
    expect(beats.map(([beat]) => Number(beat))).toEqual(beats.map((_, index) => index + 1));
    expect(new Set(beats.map(([, name]) => name)).size).toBe(1);
    expect(beats.every(([, , bad]) => bad === '0')).toBe(true);
    return beats.length;
  }

  it(
    `a running machine goes on through ${rounds} rounds of snapshot with memory, running on, and restore`,
    async () => {
      expect(host.control.ofType('hello').at(-1)?.drivers).toMatchObject({
        container: 'lxc',
        checkpoint: 'criu',
      });
      expect(host.control.ofType('hello').at(-1)?.capabilities.stateful_snapshot).toBe(true);
      expect(await machine.run('create')).toMatchObject({ result: { state: 'running' } });
      await shell(`cat >/root/canary <<'END'\n${canary}END\nchmod +x /root/canary`);
      await shell('setsid /root/canary </dev/null >/dev/null 2>&1 &');
      const beatsAfter = (count: number): Promise<number> =>
        waitFor(`beat ${count}`, async () => {
          const beats = Number(await shell('cat /root/beats 2>/dev/null | wc -l'));
          return beats > count ? beats : undefined;
        });
      await beatsAfter(5);
      for (let round = 0; round < rounds; round += 1) {
        const snapshot = await run('snapshot', `round-${round}`);
        expect(snapshot).toMatchObject({
          type: 'completed',
          result: { state: 'running', snapshot: { stateful: true } },
        });
        const atSnapshot = await beatsAfter(0);
        await beatsAfter(atSnapshot + 10);
        await shell('touch /root/ran-on');
        const restored = await run('restore', `round-${round}`);
        expect(restored).toMatchObject({
          type: 'completed',
          result: { state: 'running', restored_as: 'memory' },
        });
        expect(await shell('ls /root/ran-on 2>/dev/null')).toBe('');
        await beatsAfter(atSnapshot + 3);
        await expectOneLife();
      }
      // What went through the connection is all there too: it was never broken.
      const received = await lines('/root/received');
      expect(received.length).toBeGreaterThan(20);
      expect(received.map((line) => Number(line.split(' ')[0]))).toEqual(
        received.map((_, index) => index + 1),
      );
    },
    120_000 * patience,
  );
});
