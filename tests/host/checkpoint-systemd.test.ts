import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import type { Ended } from '../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';

const rounds = 4;
const counter = 'n=0; while :; do n=$((n+1)); echo $n $$ >/root/count; sleep 0.05; done';
const unit =
  '[Service]\\nExecStart=/bin/sh /root/counter\\nExecReload=/bin/cp /ramdisk/round /root/reloaded\\n';
const oneShot = '[Service]\\nType=oneshot\\nExecStart=/bin/cp /ramdisk/round /root/copied\\n';

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
  /** How far the service has counted, and its process; undefined while it writes. */
  const readCount = async (): Promise<{ count: number; process: string } | undefined> => {
    const [count, process] = (await daemon.shell(id, 'cat /root/count 2>/dev/null')).split(' ');
    return process === undefined ? undefined : { count: Number(count), process };
  };

  it('is held while it boots and boots on, from there and twice again from the snapshot', async () => {
    await control.run(spec, 'create');
    expect(await snapshot('booting')).toMatchObject({ type: 'completed', result: { state: 'running' } });
    await up();
    // The second time the disk that was held is gone for good.
    for (let time = 0; time < 2; time += 1) {
      expect(await restore('booting')).toMatchObject({ result: { restored_as: 'memory' } });
      await up();
    }
  }, 180_000);

  it('is held and comes back again and again, with its services, their memory and /ramdisk', async () => {
    await daemon.shell(id, `echo '${counter}' >/root/counter`);
    await daemon.shell(id, `printf '${unit}' >/etc/systemd/system/work.service`);
    await daemon.shell(id, `printf '${oneShot}' >/etc/systemd/system/copy.service`);
    // systemd watches this link, as it does in every machine that was given a time zone.
    await daemon.shell(id, 'ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime');
    expect(await daemon.shell(id, 'systemctl start work 2>&1')).toBe('');
    for (let round = 0; round < rounds; round += 1) {
      await daemon.shell(id, `echo ${round} >/ramdisk/round`);
      const before = await waitFor('the service', readCount);
      expect(await snapshot(`round-${round}`)).toMatchObject({ type: 'completed' });
      await daemon.shell(id, 'echo later >/ramdisk/round; touch /ramdisk/later');
      expect(await restore(`round-${round}`)).toMatchObject({ result: { restored_as: 'memory' } });
      expect(await daemon.shell(id, 'cat /ramdisk/round; ls /ramdisk')).toBe(`${round}\nround`);
      await waitFor('the service to go on', async () => {
        const now = await readCount();
        return now !== undefined && now.count > before.count && now.process === before.process;
      });
      // systemd still hears of its services, adds processes to their groups, and makes new groups.
      expect(await daemon.shell(id, 'systemctl is-active work')).toBe('active');
      expect(await daemon.shell(id, 'systemctl reload work 2>&1; cat /root/reloaded')).toBe(String(round));
      expect(await daemon.shell(id, 'systemctl start copy 2>&1; cat /root/copied')).toBe(String(round));
    }
  }, 300_000);
});
