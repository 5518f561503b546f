import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { provideMachine } from './support/provide-machine.ts';

/** On btrfs, whose snapshots root can open and change: memory of elsewhere, memory that is damaged. */
describe('memory that does not belong here', () => {
  const machine = provideMachine({ image: 'busybox', memory_bytes: 96 * 1024 * 1024, ramdisk: true });
  const { host, restore, shell } = machine;
  const { container_id: id } = machine.spec;
  beforeAll(() => machine.run('create'));

  /** Holds the machine; what is on its memory disk is another thing afterwards. */
  async function snapshot(name: string): Promise<Ended> {
    await shell('echo earlier >/ramdisk/kept');
    const held = await machine.snapshot(name);
    await shell('echo later >/ramdisk/kept');
    return held;
  }
  function openSnapshot(name: string): string {
    const volume = path.join(host.dataDir, 'storage/snapshots', id, name, 'volume');
    execFileSync('btrfs', ['property', 'set', '-t', 'subvol', volume, 'ro', 'false']);
    return volume;
  }

  it.each([
    ['another kernel', { kernel: '99.1.2' }, /Linux 99\.1\.2/],
    ['a newer CRIU', { criu: '99.0' }, /CRIU 99\.0/],
    ['a CPU with more', { cpu_flags: ['fpu', 'teleport'] }, /lacks features.*teleport/],
    ['another architecture', { architecture: 'vax' }, /vax/],
    ['nobody knows where', { format: 7 }, /no record of where it was made/],
  ])('memory of %s is refused by name before anything ends', async (origin, change, words) => {
    const name = `from-${origin.replaceAll(' ', '-')}`;
    expect(await snapshot(name)).toMatchObject({ type: 'completed' });
    const file = path.join(openSnapshot(name), 'memory/facts.json');
    const facts: unknown = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...Object(facts), ...change }));
    expect(await restore(name)).toMatchObject({
      type: 'failed',
      error: { code: 'CAPABILITY_MISSING', state: 'running', message: expect.stringMatching(words) },
    });
    expect(await shell('cat /ramdisk/kept')).toBe('later');
  });

  it('an image that is damaged brings the later disk back, and the later content of /ramdisk', async () => {
    expect(await snapshot('damaged')).toMatchObject({ type: 'completed' });
    rmSync(path.join(openSnapshot('damaged'), 'memory/core-1.img'));
    await shell('echo later >/root/kept');
    expect(await restore('damaged')).toMatchObject({
      type: 'failed',
      error: { code: 'DRIVER_FAILED', state: 'running', step: 'start-machine' },
    });
    expect(await shell('cat /ramdisk/kept /root/kept')).toBe('later\nlater');
  });

  it('one that is whole brings the earlier content back', async () => {
    expect(await snapshot('whole')).toMatchObject({ type: 'completed' });
    expect(await restore('whole')).toMatchObject({ result: { restored_as: 'memory' } });
    expect(await shell('cat /ramdisk/kept')).toBe('earlier');
  });
});
