import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLeftovers } from './testing/host-leftovers.ts';
import { makeSpec, TestHost, whyNoMachines } from './testing/test-host.ts';
import type { DaemonProcess } from './testing/daemon-process.ts';
import { waitFor } from './testing/wait-for.ts';

describe.skipIf(whyNoMachines() !== undefined)('a machine’s life through the link', () => {
  const host = new TestHost();
  let daemon: DaemonProcess;

  beforeAll(async () => {
    await host.control.listen();
    daemon = await host.startDaemon();
  });
  afterAll(() => host.close());

  it('creates, runs a command, pauses, resumes, stops, starts, deletes', async () => {
    const spec = makeSpec({ environment_vars: { GREETING: 'good "day" $HOME' } });
    const created = await host.control.run(spec, 'create');
    expect(created).toMatchObject({ type: 'completed', result: { state: 'running' } });
    expect(await daemon.shell(spec.container_id, 'echo "$GREETING"; hostname; id -u')).toBe(
      'good "day" $HOME\nbox\n0',
    );
    await daemon.shell(spec.container_id, 'n=0; (while :; do n=$((n+1)); echo $n >/root/n; done) >/dev/null 2>&1 &');
    await waitFor('the counter', async () => Number(await daemon.shell(spec.container_id, 'cat /root/n')) > 10);
    expect(await host.control.run(spec, 'pause')).toMatchObject({ result: { state: 'paused' } });
    expect(await host.control.run(spec, 'resume')).toMatchObject({ result: { state: 'running' } });
    expect(await host.control.run(spec, 'stop')).toMatchObject({ result: { state: 'stopped' } });
    expect(await host.control.run(spec, 'start')).toMatchObject({ result: { state: 'running' } });
    expect(await daemon.shell(spec.container_id, 'test -s /root/n && echo kept')).toBe('kept');
    expect(await host.control.run(spec, 'delete')).toMatchObject({ result: { state: 'absent' } });
    expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
  });
});
