import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';

/** The image that most machines are made of, with all that a default machine has. */
describe('a Debian machine with systemd', () => {
  const host = new TestHost();
  const { control } = host;
  const spec = makeSpec({ image: 'debian/13', memory_bytes: 512 * 1024 * 1024, ramdisk: true });
  const id = spec.container_id;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    await control.listen();
    daemon = await host.startDaemon();
  });
  afterAll(async () => {
    await control.run(spec, 'delete');
    await host.close();
  });

  const snapshot = (name: string): Promise<Ended> =>
    control.run(spec, 'snapshot', { parameters: { snapshot_name: name, stateful: true } });
  const restore = (name: string): Promise<Ended> =>
    control.run(spec, 'restore', { parameters: { snapshot_name: name, run_after: true } });
  const up = (): Promise<unknown> =>
    waitFor(
      'systemd to be up',
      async () => /running|degraded/.test(await daemon.shell(id, 'systemctl is-system-running')),
      60_000,
    );

  it('is held while it boots and boots on, from there and again from the snapshot', async () => {
    await control.run(spec, 'create');
    expect(await snapshot('booting')).toMatchObject({ type: 'completed', result: { state: 'running' } });
    for (const way of ['on', 'again']) {
      if (way === 'again')
        expect(await restore('booting')).toMatchObject({ result: { restored_as: 'memory' } });
      await up();
    }
  }, 180_000);
});
