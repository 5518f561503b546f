import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makeSigningKeys } from '../../node-daemon/src/testing/copy-hosts.ts';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';

/** A name that only its memory knows, and a number that grows; each beat is a line. */
const canary = `#!/bin/sh
name=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \\n')
beat=0
while :; do beat=$((beat + 1)); echo "$beat $name" >>/root/beats; sleep 0.02; done
`;
const memory = { memory_bytes: 128 * 1024 * 1024, image: 'busybox', ramdisk: true } as const;

describe('copies of real machines', () => {
  let here: CopyHost;
  let there: CopyHost;
  let daemons: { here: DaemonProcess; there: DaemonProcess };
  beforeAll(async () => {
    const keys = await makeSigningKeys();
    [here, there] = [await CopyHost.open(keys), await CopyHost.open(keys)];
    // One after the other: each looks which network is still free.
    daemons = { here: await here.startDaemon(), there: await there.startDaemon() };
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });

  const beats = async (daemon: DaemonProcess, id: string): Promise<[beat: number, name: string][]> =>
    (await daemon.shell(id, 'cat /root/beats 2>/dev/null'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']);
  const beatsAfter = (daemon: DaemonProcess, id: string, count: number): Promise<[number, string][]> =>
    waitFor('the canary', async () => {
      const all = await beats(daemon, id);
      return all.length > count ? all : undefined;
    });
  const stepOf = (ended: Ended, name: string): number | undefined =>
    ended.type === 'completed'
      ? ended.result.steps.find((step) => step.name === name)?.duration_ms
      : undefined;

  it('a fork goes on with the memory of its source: three from one dump, and one on another host', async () => {
    const spec = makeSpec({ ...memory, name: 'source' });
    const id = spec.container_id;
    expect(await here.control.run(spec, 'create')).toMatchObject({ result: { state: 'running' } });
    await daemons.here.shell(id, `cat >/root/canary <<'END'\n${canary}END\nchmod +x /root/canary`);
    await daemons.here.shell(id, 'echo held >/ramdisk/file');
    await daemons.here.shell(id, 'setsid /root/canary </dev/null >/dev/null 2>&1 &');
    await beatsAfter(daemons.here, id, 5);
    const point = await here.copyOut(spec, { stateful: true });
    const wanted = { from: here, spec, point };
    const atFork = (await beats(daemons.here, id)).length;
    await beatsAfter(daemons.here, id, atFork + 5);

    const forks = [0, 1, 2].map((number) => makeSpec({ ...memory, name: `fork-${number}` }));
    const ended = await Promise.all(
      forks.map(async (fork) => {
        const copy_source = await here.sourceOf(wanted, { stateful: true });
        return here.copyIn(fork, wanted, { stateful: true, copy_source });
      }),
    );
    const remote = makeSpec({ ...memory, name: 'remote' });
    const copy_source = await there.sourceOf(wanted, { stateful: true });
    ended.push(await there.copyIn(remote, wanted, { stateful: true, copy_source }));
    for (const end of ended) {
      expect(end).toMatchObject({ type: 'completed', result: { state: 'running', restored_as: 'memory' } });
      expect(stepOf(end, 'dump-memory')).toBeUndefined();
    }

    const [own] = await beats(daemons.here, id);
    const seen: string[] = [];
    const machines = [spec, ...forks].map((each) => ({ spec: each, daemon: daemons.here }));
    for (const { spec: each, daemon } of [...machines, { spec: remote, daemon: daemons.there }]) {
      const before = (await beats(daemon, each.container_id)).length;
      const all = await beatsAfter(daemon, each.container_id, before + 5);
      expect(all.map(([beat]) => beat)).toEqual(all.map((_, index) => index + 1));
      expect(new Set(all.map(([, name]) => name))).toEqual(new Set([own?.[1]]));
      expect(await daemon.shell(each.container_id, 'hostname; cat /etc/hostname')).toBe(
        `${each.name}\n${each.name}`,
      );
      expect(await daemon.shell(each.container_id, 'cat /ramdisk/file')).toBe('held');
      const device = await daemon.shell(
        each.container_id,
        'ip -4 addr show eth0 | grep inet; cat /sys/class/net/eth0/address',
      );
      const where = daemon === daemons.here ? 'here' : 'there';
      seen.push(`${where} ${device}`);
      expect(device).toMatch(/inet [0-9.]+\/\d+/);
    }
    expect(new Set(seen).size).toBe(5);
    for (const fork of forks) await here.control.run(fork, 'delete', { incarnation: 2 });
    await there.control.run(remote, 'delete', { incarnation: 2 });
    await here.control.run(spec, 'delete', { incarnation: 2 });
  }, 240_000);

  it('a fork of a Debian machine comes back on another host, but for one that watches a link', async () => {
    const debian = { image: 'debian/13', memory_bytes: 512 * 1024 * 1024 } as const;
    const spec = makeSpec({ ...debian, name: 'source' });
    const isUp = (daemon: DaemonProcess, id: string): Promise<unknown> =>
      waitFor('systemd to be up', async () =>
        /running|degraded/.test(await daemon.shell(id, 'systemctl is-system-running')),
      );
    await here.control.run(spec, 'create');
    await isUp(daemons.here, spec.container_id);
    const fork = async (target: CopyHost, point: string): Promise<{ fork: typeof spec; end: Ended }> => {
      const made = makeSpec({ ...debian, name: 'fork' });
      const wanted = { from: here, spec, point };
      const copy_source = await target.sourceOf(wanted, { stateful: true });
      return { fork: made, end: await target.copyIn(made, wanted, { stateful: true, copy_source }) };
    };
    const restored = { type: 'completed', result: { state: 'running', restored_as: 'memory' } };
    const away = await fork(there, await here.copyOut(spec, { stateful: true }));
    expect(away.end).toMatchObject(restored);
    await isUp(daemons.there, away.fork.container_id);

    const watches = "ln -s /usr/share/zoneinfo/Etc/UTC /etc/localtime; grep -h 'mask:80c' /proc/1/fdinfo/*";
    await waitFor('systemd’s watch', () => daemons.here.shell(spec.container_id, watches));
    const point = await here.copyOut(spec, { stateful: true });
    const beside = await fork(here, point);
    expect(beside.end).toMatchObject(restored);
    await isUp(daemons.here, beside.fork.container_id);
    expect((await fork(there, point)).end).toMatchObject({
      type: 'failed',
      error: {
        code: 'CAPABILITY_MISSING',
        state: 'absent',
        message: expect.stringContaining('watches a symbolic link'),
      },
    });
    await there.control.run(away.fork, 'delete', { incarnation: 2 });
    for (const each of [beside.fork, spec]) await here.control.run(each, 'delete', { incarnation: 2 });
  }, 240_000);

  it('a copy on the same host takes the same time, whatever its size', async () => {
    const durations: Record<string, number[]> = { small: [], large: [] };
    for (const [size, megabytes] of [
      ['small', 1],
      ['large', 400],
    ] as const) {
      const spec = makeSpec({ image: 'busybox', name: size });
      await here.control.run(spec, 'create');
      await daemons.here.shell(
        spec.container_id,
        `dd if=/dev/urandom of=/root/content bs=1M count=${megabytes} 2>/dev/null; sync`,
      );
      await here.control.run(spec, 'stop');
      for (let round = 0; round < 5; round += 1) {
        const point = await here.copyOut(spec);
        const copy = makeSpec({ image: 'busybox', name: 'copy' });
        const ended = await here.copyIn(copy, { from: here, spec, point }, { run_after: false });
        durations[size]?.push(stepOf(ended, 'clone-volume') ?? Infinity);
        await here.control.run(copy, 'delete', { incarnation: 2 });
      }
      await here.control.run(spec, 'delete', { incarnation: 2 });
    }
    const median = (name: string): number =>
      durations[name]?.toSorted((left, right) => left - right)[2] ?? Infinity;
    process.stdout.write(
      `clone of 1 MB: ${median('small').toFixed(1)} ms, of 400 MB: ${median('large').toFixed(1)} ms\n`,
    );
    expect(median('large')).toBeLessThan(median('small') * 3 + 50);
  }, 240_000);

  it('a sync sends only what has changed, and the copy runs on until the new body is there', async () => {
    const [spec, copy] = [makeSpec({ ...memory, name: 'source' }), makeSpec({ ...memory, name: 'copy' })];
    const shell = (command: string): Promise<string> => daemons.here.shell(spec.container_id, command);
    await here.control.run(spec, 'create');
    await shell('dd if=/dev/urandom of=/root/content bs=1M count=64 2>/dev/null; sync');
    let base = await here.copyOut(spec);
    const first = await there.copyIn(copy, { from: here, spec, point: base });
    const full = first.type === 'completed' ? (first.result.bytes_transferred ?? 0) : 0;
    expect(full).toBeGreaterThan(64 * 1024 * 1024);
    const tookMs = stepOf(first, 'receive-copy') ?? 0;
    process.stdout.write(`transfer of ${full} bytes: ${tookMs.toFixed(0)} ms\n`);
    const progress = there.control.ofType('progress').filter((message) => message.bytes_done !== undefined);
    expect(progress.every((message) => (message.bytes_done ?? 0) <= (message.bytes_total ?? Infinity))).toBe(
      true,
    );
    for (let round = 0; round < 3; round += 1) {
      await shell(
        `echo ${round} >/root/round; dd if=/dev/urandom of=/root/more bs=1M count=1 2>/dev/null; sync`,
      );
      const point = await here.copyOut(spec);
      const synced = await there.syncIn(copy, { from: here, spec, point, base }, round + 2);
      expect(synced).toMatchObject({ type: 'completed', result: { state: 'running', restored_as: 'cold' } });
      const bytes = synced.type === 'completed' ? (synced.result.bytes_transferred ?? Infinity) : Infinity;
      expect(bytes).toBeLessThan(full / 8);
      const sums = 'cd /root && md5sum content more round';
      expect(await daemons.there.shell(copy.container_id, sums)).toBe(await shell(sums));
      const released = { copy_point: point, base, keep_base: true };
      expect(await here.control.run(spec, 'release-copy', { parameters: released })).toMatchObject({
        type: 'completed',
        result: { state: 'running' },
      });
      base = point;
    }
    await here.control.run(spec, 'delete', { incarnation: 2 });
    expect(await daemons.there.shell(copy.container_id, 'cat /root/round')).toBe('2');
    await there.control.run(copy, 'delete', { incarnation: 9 });
  }, 240_000);
});
