import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { countsOn } from './support/counts-on.ts';
import { hostPidsOf, inNetworkOf } from './support/host-pids.ts';
import { hostTraces } from './support/host-traces.ts';
import { ScriptedCriu } from './support/scripted-criu.ts';

const mib = 1024 * 1024;
const idleSeconds = 2;
/** What CRIU has done when it comes to stand still: opened its log, taken a process' memory, written a process. */
const moments = ['dump.log', 'pagemap-', 'core-'];
/** Writes how far it has counted, and counts on only while a 32 MiB file in its memory is what it was. */
const counter = `head -c ${32 * mib} /dev/urandom >/dev/shm/held
sum=$(sha256sum </dev/shm/held); n=0
while [ "$(sha256sum </dev/shm/held)" = "$sum" ]; do n=$((n+1)); echo $n >/root/count; sleep 0.02; done`;

describe('a CRIU that does nothing any more', () => {
  const host = new TestHost();
  const { control } = host;
  const criu = new ScriptedCriu();
  const spec = makeSpec({ image: 'busybox', memory_bytes: 256 * mib });
  const id = spec.container_id;
  const environment = {
    NODE_DAEMON_CRIU: criu.file,
    NODE_DAEMON_CRIU_IDLE_SECONDS: String(idleSeconds),
  };
  let daemon: DaemonProcess;
  let traces: Record<string, string[]>;
  let pids: number[] = [];

  const startDaemon = (): Promise<DaemonProcess> => host.startDaemon({ driver: 'lxc', environment });
  const hold = (snapshot_name: string): Promise<Ended> =>
    control.run(spec, 'snapshot', { parameters: { snapshot_name, stateful: true } });
  const count = async (): Promise<number> => Number(await daemon.shell(id, 'cat /root/count'));
  async function startCounter(): Promise<void> {
    await daemon.shell(id, 'rm -f /root/count; setsid sh /root/counter </dev/null >/dev/null 2>&1 &');
    await waitFor(
      'the counter',
      async () => (await daemon.shell(id, 'cat /root/count 2>/dev/null || :')) !== '',
    );
  }
  const advances = (): Promise<void> => countsOn(count);
  /** As before: the same processes, which work and can be reached, and nothing of CRIU. */
  async function expectUnharmed(): Promise<void> {
    await advances();
    expect(hostPidsOf(id)).toEqual(expect.arrayContaining(pids));
    expect(inNetworkOf(id, 'nft list tables')).not.toContain('CRIU');
    expect(hostTraces(host.dataDir)).toEqual(traces);
  }
  async function expectHoldable(): Promise<void> {
    expect(await hold('whole')).toMatchObject({ type: 'completed' });
    const parameters = { snapshot_name: 'whole', run_after: true };
    expect(await control.run(spec, 'restore', { parameters })).toMatchObject({
      result: { restored_as: 'memory' },
    });
    await advances();
    const removed = await control.run(spec, 'delete-snapshot', { parameters: { snapshot_name: 'whole' } });
    expect(removed).toMatchObject({ type: 'completed' });
    pids = lasting();
  }
  /** Its init, and the counter that never ends. */
  function lasting(): number[] {
    return hostPidsOf(id).slice(0, 2);
  }

  beforeAll(async () => {
    await control.listen();
    criu.answer(false);
    daemon = await startDaemon();
    expect(await control.run(spec, 'create')).toMatchObject({ type: 'completed' });
    await daemon.shell(id, `cat >/root/counter <<'END'\n${counter}\nEND`);
    await startCounter();
    await expectHoldable();
    traces = hostTraces(host.dataDir);
  });
  afterAll(async () => {
    criu.close();
    await control.run(spec, 'delete', { incarnation: 9 });
    await host.close();
  });

  it('is ended; the snapshot fails, the machine runs on as it was', async () => {
    criu.stopAt('dump', 'never');
    expect(await hold('never')).toMatchObject({
      type: 'failed',
      error: {
        code: 'DRIVER_FAILED',
        state: 'running',
        message: expect.stringMatching(/^CRIU did nothing for 2 s \(.+\) and was killed\./),
      },
    });
    criu.stopAt('dump', null);
    await expectUnharmed();
    await expectHoldable();
  });

  it('leaves a paused machine paused', async () => {
    expect(await control.run(spec, 'pause')).toMatchObject({ type: 'completed' });
    criu.stopAt('dump', 'never');
    expect(await hold('never')).toMatchObject({
      type: 'failed',
      error: { code: 'DRIVER_FAILED', state: 'paused' },
    });
    criu.stopAt('dump', null);
    expect(await control.run(spec, 'resume')).toMatchObject({ type: 'completed' });
    await expectUnharmed();
  });

  it('and was begun by a daemon that is gone is ended by the next one', async () => {
    criu.stopAt('dump', 'never');
    const parameters = { snapshot_name: 'never', stateful: true };
    const dispatch = control.makeDispatch(spec, 'snapshot', { parameters });
    control.send(dispatch);
    await waitFor('CRIU to stand still', () => criu.hasStopped);
    await daemon.kill();
    criu.stopAt('dump', null);
    daemon = await startDaemon();
    expect(await control.ended(dispatch.operation_id)).toMatchObject({
      type: 'failed',
      error: { code: 'DRIVER_FAILED', state: 'running' },
    });
    await expectUnharmed();
    await expectHoldable();
  });

  it.each(moments)(
    'since %s, with processes in its hands: nothing of it is left, and the machine starts',
    async (moment) => {
      criu.stopAt('dump', moment);
      expect(await hold('never')).toMatchObject({ type: 'failed', error: { code: 'DRIVER_FAILED' } });
      expect(criu.hasStopped).toBe(true);
      criu.stopAt('dump', null);
      // What it had put into them may have ended some.
      await control.run(spec, 'force-stop');
      expect(await control.run(spec, 'start')).toMatchObject({ type: 'completed' });
      await startCounter();
      expect(hostTraces(host.dataDir)).toEqual(traces);
      await expectHoldable();
    },
  );
});
