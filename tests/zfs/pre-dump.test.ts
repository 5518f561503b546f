import type { HostCommand } from '@control-plane/contract/link';
import { existsSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagesBytes } from '../../node-daemon/src/drivers/checkpoint/criu/pre-dump-machine.ts';
import { CopyHost, makeSigningKeys } from '../../node-daemon/src/testing/copy-hosts.ts';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { makeSpec } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { ScriptedCriu } from '../host/support/scripted-criu.ts';
import { zfs } from './support/zfs-side.ts';

const mib = 1024 * 1024;
/** Enough for two passes; emulated, each more costs seconds. */
const heldMebibytes = 66;

/**
 * Each beat is a line: its number, a name that only memory knows, and how many of the numbers in its memory, one of
 * which it changes each time, are not those that it wrote last.
 */
const canary = `#!/bin/sh
while :; do echo; sleep 0.3; done | awk '
  BEGIN { srand(); name = int(rand() * 1000000000); size = 5003 }
  {
    beat = NR; bad = 0; previous = beat - 1
    for (i = beat % 13; i < size; i += 13) {
      expected = previous - ((previous - i) % size + size) % size
      if (expected < 1) expected = 0
      if (last[i] + 0 != expected) bad++
    }
    last[beat % size] = beat
    print beat " " name " " bad >>"/root/beats"; fflush("/root/beats")
  }'
`;
/**
 * Starts a program by `vfork`, which nothing can stop before the new one runs, and again when that has ended. It is
 * looked for in so many places that it is in the middle of this half of the time.
 */
const starter = `#!/bin/sh
printf '#!/bin/sh\\n' >/root/nothing; chmod +x /root/nothing
places=
for each in 0 1 2 3 4 5 6 7 8 9; do places=$places/nowhere:; done
for each in 1 2 3; do places=$places$places$places$places$places; done
export PATH="$places/root:$PATH"
/bin/yes | /bin/xargs -n 1 nothing
`;
/** Holds a file's content in memory only, and gives its hash as soon as it is asked for. */
const holder = `#!/bin/sh
dd if=/root/content bs=${heldMebibytes}M count=1 iflag=fullblock 2>/dev/null |
  { until [ -e /root/go ]; do sleep 1; done; sha256sum >/root/sum.part; mv /root/sum.part /root/sum; }
`;

describe('memory that is written while the machine runs', () => {
  const criu = new ScriptedCriu();
  const spec = makeSpec({ image: 'busybox', memory_bytes: 512 * mib });
  const id = spec.container_id;
  let host: CopyHost;
  let daemon: DaemonProcess;
  let contentHash = '';

  const startDaemon = (fault = ''): Promise<DaemonProcess> =>
    host.startDaemon({ fault, environment: { NODE_DAEMON_CRIU: criu.file } });
  beforeAll(async () => {
    host = await CopyHost.open(await makeSigningKeys());
    daemon = await startDaemon();
    expect(await host.control.run(spec, 'create')).toMatchObject({ type: 'completed' });
    await daemon.shell(id, `cat >/root/canary <<'END'\n${canary}END`);
    await daemon.shell(id, `cat >/root/holder <<'END'\n${holder}END`);
    await daemon.shell(id, `head -c ${heldMebibytes * mib} /dev/urandom >/root/content`);
    contentHash = await daemon.shell(id, 'sha256sum </root/content');
    await daemon.shell(id, `cat >/root/starter <<'END'\n${starter}END`);
    for (const program of ['canary', 'holder']) await launch(program);
    await waitFor('what it holds', async () => {
      const resident = await daemon.shell(id, 'cat /proc/*/status 2>/dev/null | grep RssAnon');
      return resident
        .split('\n')
        .some((line) => Number(/[0-9]+/.exec(line)?.[0]) * 1024 > heldMebibytes * mib);
    });
    await daemon.shell(id, ': >/root/content');
    await beatsAfter(5);
  });
  afterAll(async () => {
    criu.close();
    await host.control.run(spec, 'delete', { incarnation: 2 });
    await host.close();
  });

  const launch = (program: string): Promise<string> =>
    daemon.shell(id, `setsid sh /root/${program} </dev/null >/dev/null 2>&1 &`);
  /** Two passes and what changed since; CRIU may have lost track in the second, and begun anew. */
  function expectIncrement(): void {
    expect(criu.calls().join(' ')).toMatch(/^(?:pre-dump ){2,4}increment$/);
  }
  async function beatsAfter(count: number, machine = id): Promise<number> {
    return waitFor(`beat ${count}`, async () => {
      const beats = Number(await daemon.shell(machine, 'cat /root/beats 2>/dev/null | wc -l'));
      return beats > count ? beats : undefined;
    });
  }
  async function run(command: HostCommand, snapshot_name: string): Promise<string[]> {
    const parameters = {
      snapshot_name,
      ...(command === 'snapshot' ? { stateful: true } : { run_after: true }),
    };
    const ended = await host.control.run(spec, command, { parameters });
    if (ended.type === 'failed') throw new Error(`${command}: ${ended.error.step}: ${ended.error.message}`);
    if (command === 'restore') expect(ended.result.restored_as).toBe('memory');
    return ended.result.steps.map(({ name, duration_ms }) => `${name} ${Math.round(duration_ms ?? 0)}`);
  }
  function volume(): string {
    const name = zfs('list', '-H', '-r', '-o', 'name', 'one').find((each) => each.endsWith(`volumes/${id}`));
    return zfs('get', '-H', '-o', 'value', 'mountpoint', name ?? '')[0] ?? '';
  }
  const memoryIn = (snapshot: string): string =>
    path.join(volume(), '.zfs/snapshot', `${id}-${snapshot}`, 'memory');
  /** All beats are there once and in order, of one life, and all of its memory was as it should be. */
  async function expectOneLife(machine = id): Promise<void> {
    const beats = (await daemon.shell(machine, 'cat /root/beats')).split('\n').map((line) => line.split(' '));
    expect(beats.map(([beat]) => Number(beat))).toEqual(beats.map((_, index) => index + 1));
    expect(new Set(beats.map(([, name]) => name)).size).toBe(1);
    expect(beats.filter(([, , bad]) => bad !== '0')).toEqual([]);
  }
  async function expectContent(machine = id): Promise<void> {
    await daemon.shell(machine, 'touch /root/go');
    const found = await waitFor(
      'the hash',
      async () => (await daemon.shell(machine, 'cat /root/sum 2>/dev/null')) || undefined,
    );
    expect(found).toBe(contentHash);
  }

  it('the freeze holds a small fraction of it, and all of it comes back, also when it came back before', async () => {
    for (const name of ['first', 'second']) {
      criu.forget();
      const steps = await run('snapshot', name);
      expectIncrement();
      const memory = memoryIn(name);
      expect(readlinkSync(path.join(memory, 'parent'))).toBe('pre-2');
      expect(readlinkSync(path.join(memory, 'pre-2', 'parent'))).toBe('../pre-1');
      const before = pagesBytes(path.join(memory, 'pre-1'));
      const frozen = pagesBytes(memory);
      process.stdout.write(
        `${name}: ${before}, ${pagesBytes(path.join(memory, 'pre-2'))}, frozen ${frozen} bytes; ${steps.join(', ')} ms\n`,
      );
      expect(before).toBeGreaterThan(heldMebibytes * mib);
      expect(frozen).toBeGreaterThan(0);
      expect(frozen).toBeLessThan(before / 10);
      expect(existsSync(path.join(memory, 'pre-dump.json'))).toBe(false);
      expect(existsSync(path.join(volume(), 'memory'))).toBe(false);
      await daemon.shell(id, 'touch /root/later');
      await run('restore', name);
      expect(await daemon.shell(id, 'ls /root')).not.toContain('later');
      await beatsAfter(await beatsAfter(0));
      await expectOneLife();
    }
    await expectContent();
    // From then on it holds it no more.
    await run('restore', 'second');
  });

  it('a fork comes from it', async () => {
    criu.forget();
    const point = await host.copyOut(spec, { stateful: true });
    expectIncrement();
    const wanted = { from: host, spec, point };
    const fork = makeSpec({ image: 'busybox', memory_bytes: 512 * mib, name: 'fork' });
    const copy_source = await host.sourceOf(wanted, { stateful: true });
    const ended = await host.copyIn(fork, wanted, { stateful: true, copy_source });
    expect(ended).toMatchObject({ type: 'completed', result: { restored_as: 'memory' } });
    const { container_id: forkId } = fork;
    await beatsAfter(await beatsAfter(0, forkId), forkId);
    await expectOneLife(forkId);
    await expectContent(forkId);
    await host.control.run(fork, 'delete', { incarnation: 2 });
  });

  it('stands still only until CRIU has let go of it, not until all of it is written', async () => {
    criu.forget();
    criu.refuse('linger');
    const held = run('snapshot', 'lingering');
    await waitFor('a pre-dump that has not ended', async () => criu.isHeldUp || undefined);
    await beatsAfter(await beatsAfter(0));
    criu.release();
    await held;
    expectIncrement();
  });

  it('is written while processes are being started all the time', async () => {
    await launch('starter');
    const { length: logged } = daemon.output;
    await waitFor('the starter', async () => (await daemon.shell(id, 'pidof xargs || :')) !== '');
    for (const name of ['busy-1', 'busy-2', 'busy-3']) {
      criu.forget();
      await run('snapshot', name);
      expect(criu.calls().join(' ')).toMatch(/^(?:pre-dump ){2,4}increment/);
    }
    await run('restore', 'busy-3');
    await beatsAfter(await beatsAfter(0));
    await expectOneLife();
    await daemon.shell(id, 'killall yes xargs');
    expect(daemon.output.slice(logged)).not.toContain('could not be written beforehand');
  });

  it('where it can’t be written beforehand, or not added to, the whole is held while it stands still', async () => {
    criu.forget();
    criu.refuse('pre-dump');
    await run('snapshot', 'no-pre-dump');
    expect(criu.calls()).toEqual(['pre-dump', 'whole']);
    expect(daemon.output).toContain('could not be written beforehand');
    criu.forget();
    criu.refuse('increment');
    await run('snapshot', 'no-increment');
    criu.refuse('none');
    expect(criu.calls().filter((call) => call !== 'pre-dump')).toEqual(['increment', 'whole']);
    for (const name of ['no-pre-dump', 'no-increment']) {
      expect(pagesBytes(memoryIn(name))).toBeGreaterThan(heldMebibytes * mib);
      expect(existsSync(path.join(memoryIn(name), 'parent'))).toBe(false);
    }
    await run('restore', 'no-increment');
    await beatsAfter(await beatsAfter(0));
    await expectOneLife();
  });

  it('a paused machine is held as a whole', async () => {
    criu.forget();
    await host.control.run(spec, 'pause');
    await run('snapshot', 'paused');
    await host.control.run(spec, 'resume');
    expect(criu.calls()).toEqual(['whole']);
    await beatsAfter(await beatsAfter(0));
  });

  it.each([
    ['pre-dump', 'acted'],
    ['dump-memory', 'acted'],
  ] as const)('SIGKILL of the daemon at %s, %s: the next one finishes it', async (step, moment) => {
    await daemon.stop();
    daemon = await startDaemon(`snapshot:${step}:kill:${moment}`);
    const name = `killed-${step}-${moment}`;
    const parameters = { snapshot_name: name, stateful: true };
    const dispatch = host.control.makeDispatch(spec, 'snapshot', { parameters });
    host.control.send(dispatch);
    await daemon.exited();
    criu.forget();
    daemon = await startDaemon();
    expect(await host.control.ended(dispatch.operation_id)).toMatchObject({ type: 'completed' });
    // What an interrupted dump may have been the last to see is not built upon; nor is a dump that is tried again.
    const [first] = criu.calls().filter((call) => call !== 'pre-dump');
    expect(first).toBe(step === 'dump-memory' ? 'whole' : 'increment');
    expect(existsSync(path.join(volume(), 'memory'))).toBe(false);
    await run('restore', name);
    await beatsAfter(await beatsAfter(0));
    await expectOneLife();
  });
});
