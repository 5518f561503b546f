import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeReadable } from '../../node-daemon/src/drivers/checkpoint/criu/memory-room.ts';
import {
  discardMemory,
  holdInHostMemory,
  isHeldInHostMemory,
  memoryDirectoryOf,
  placeMemory,
} from '../../node-daemon/src/drivers/checkpoint/memory-directory.ts';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { countsOn } from './support/counts-on.ts';
import { hostTraces } from './support/host-traces.ts';
import { ScriptedCriu } from './support/scripted-criu.ts';

const mib = 1024 * 1024;
/** 48 MiB of a process’s own, and a counter. */
const programs = [
  'dd if=/dev/urandom bs=48M count=1 iflag=fullblock 2>/dev/null | sleep 100000',
  'n=0; while :; do n=$((n+1)); echo $n >/root/count; sleep 0.02; done',
];

/**
 * Where the kernel does not track changed memory. What comes of it where it does is proven in the virtual machine:
 * `tests/zfs/pre-dump.test.ts`.
 */
describe('memory that can’t be written beforehand', () => {
  const host = new TestHost();
  const { control } = host;
  const criu = new ScriptedCriu();
  /** What keeps it from that: the kernel, or else the script. */
  const refusal = criu.kernelTracks ? 'pre-dump' : 'none';
  const spec = makeSpec({ image: 'busybox', memory_bytes: 256 * mib });
  const id = spec.container_id;
  let daemon: DaemonProcess;
  let traces: Record<string, string[]>;

  const startDaemon = (): Promise<DaemonProcess> =>
    host.startDaemon({
      driver: 'lxc',
      environment: { NODE_DAEMON_CRIU: criu.file, NODE_DAEMON_CRIU_IDLE_SECONDS: '5' },
    });
  const count = async (): Promise<number> => Number(await daemon.shell(id, 'cat /root/count'));
  const advances = (): Promise<void> => countsOn(count);
  const hold = (snapshot_name: string, incarnation: number): Promise<Ended> =>
    control.run(spec, 'snapshot', { parameters: { snapshot_name, stateful: true }, incarnation });
  async function removeHeld(snapshot_name: string, incarnation: number): Promise<void> {
    const ended = await control.run(spec, 'delete-snapshot', { parameters: { snapshot_name }, incarnation });
    expect(ended).toMatchObject({ type: 'completed' });
  }
  beforeAll(async () => {
    await control.listen();
    criu.answer(false);
    daemon = await startDaemon();
    expect(await control.run(spec, 'create')).toMatchObject({ type: 'completed' });
    for (const program of programs)
      await daemon.shell(id, `setsid sh -c '${program}' </dev/null >/dev/null 2>&1 &`);
    await waitFor('what it holds', async () =>
      /RssAnon:\s*(?:4[89]|5[0-9])[0-9]{3} kB/.test(await daemon.shell(id, 'cat /proc/*/status 2>/dev/null')),
    );
    await advances();
    // What the first snapshot of a machine leaves for those after it is no leak.
    await hold('first', 1);
    await removeHeld('first', 1);
    traces = hostTraces(host.dataDir);
  });
  afterAll(async () => {
    criu.close();
    await control.run(spec, 'delete', { incarnation: 9 });
    await host.close();
  });

  it('where the kernel does not track what changes, that is not attempted', async () => {
    criu.forget();
    expect(await hold('held', 1)).toMatchObject({
      type: 'completed',
      result: { snapshot: { stateful: true } },
    });
    expect(criu.calls()).toEqual(['whole']);
    expect(daemon.output).toContain('tracks changed memory');
    await removeHeld('held', 1);
    expect(hostTraces(host.dataDir)).toEqual(traces);
    await daemon.stop();
    criu.answer(true);
    daemon = await startDaemon();
    expect(daemon.output).not.toContain('tracks changed memory');
  });

  it('where it fails, the whole is held, comes back, and nothing is left over', async () => {
    criu.forget();
    criu.refuse(refusal);
    expect(await hold('held', 1)).toMatchObject({
      type: 'completed',
      result: { state: 'running', snapshot: { stateful: true } },
    });
    expect(criu.calls()).toEqual(['pre-dump', 'whole']);
    expect(daemon.output).toContain('could not be written beforehand');
    const restored = await control.run(spec, 'restore', {
      parameters: { snapshot_name: 'held', run_after: true },
      incarnation: 2,
    });
    expect(restored).toMatchObject({ result: { restored_as: 'memory' } });
    await advances();
    await removeHeld('held', 2);
    expect(hostTraces(host.dataDir)).toEqual(traces);
  });

  it('where CRIU does nothing any more, it is ended, and so is the snapshot', async () => {
    criu.forget();
    criu.stopAt('pre-dump', 'never');
    expect(await hold('never', 2)).toMatchObject({
      type: 'failed',
      error: { code: 'DRIVER_FAILED', state: 'running', step: 'pre-dump' },
    });
    criu.stopAt('pre-dump', null);
    expect(criu.calls()).toEqual(['pre-dump']);
    await advances();
    expect(hostTraces(host.dataDir)).toEqual(traces);
  });

  it('SIGKILL of the daemon meanwhile: the next one waits for CRIU and goes on', async () => {
    criu.forget();
    criu.refuse('hold-up');
    const parameters = { snapshot_name: 'outlived', stateful: true };
    const dispatch = control.makeDispatch(spec, 'snapshot', { parameters, incarnation: 2 });
    control.send(dispatch);
    await waitFor('a pre-dump', () => criu.isHeldUp);
    await daemon.kill();
    daemon = await startDaemon();
    await advances();
    expect(criu.calls()).toEqual(['pre-dump']);
    criu.release(refusal);
    expect(await control.ended(dispatch.operation_id)).toMatchObject({
      type: 'completed',
      result: { state: 'running' },
    });
    expect(criu.calls()).toEqual(['pre-dump', 'pre-dump', 'whole']);
    await advances();
    await removeHeld('outlived', 2);
    expect(hostTraces(host.dataDir)).toEqual(traces);
  });

  it('a machine that is cancelled meanwhile is as it was', async () => {
    criu.refuse('hold-up');
    const parameters = { snapshot_name: 'cancelled', stateful: true };
    const dispatch = control.makeDispatch(spec, 'snapshot', { parameters, incarnation: 2 });
    control.send(dispatch);
    await waitFor('a pre-dump', () => criu.isHeldUp);
    control.send({ type: 'cancel', operation_id: dispatch.operation_id });
    // What comes after it was taken, so it was too.
    await control.run(makeSpec(), 'inspect');
    await daemon.kill();
    daemon = await startDaemon();
    await advances();
    criu.release(refusal);
    expect(await control.ended(dispatch.operation_id)).toMatchObject({
      type: 'failed',
      error: { code: 'CANCELLED', state: 'running' },
    });
    await advances();
    expect(hostTraces(host.dataDir)).toEqual(traces);
  });
});

describe('memory that was written beforehand into the host’s memory', () => {
  const base = mkdtempSync(path.join(tmpdir(), 'memory-'));
  const [volume, copy] = [path.join(base, 'volume'), path.join(base, 'copy')];
  afterAll(async () => {
    await discardMemory(volume);
    rmSync(base, { recursive: true, force: true });
  });

  it('comes to the disk with its links, for whoever may read it', async () => {
    for (const each of [volume, copy]) {
      mkdirSync(each);
      makeReadable(memoryDirectoryOf(each));
    }
    expect(await holdInHostMemory(volume, 64 * mib)).toBe(true);
    const memory = memoryDirectoryOf(volume);
    for (const pass of ['pre-1', 'pre-2']) {
      makeReadable(path.join(memory, pass));
      writeFileSync(path.join(memory, pass, 'pages-1.img'), pass);
    }
    symlinkSync('../pre-1', path.join(memory, 'pre-2', 'parent'));
    symlinkSync('pre-2', path.join(memory, 'parent'));
    writeFileSync(path.join(memory, 'facts.json'), '{}');
    expect(await placeMemory(volume, copy)).toMatchObject({ ok: true });
    expect(await discardMemory(volume)).toMatchObject({ ok: true });
    expect(isHeldInHostMemory(volume)).toBe(false);
    expect(existsSync(memory)).toBe(false);
    const placed = memoryDirectoryOf(copy);
    expect(readlinkSync(path.join(placed, 'parent'))).toBe('pre-2');
    expect(readFileSync(path.join(placed, 'parent', 'parent', 'pages-1.img'), 'utf8')).toBe('pre-1');
    const { uid, gid, mode } = statSync(path.join(placed, 'pre-1'));
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 0, gid: statSync(placed).gid, mode: 0o750 });
  });
});
