import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makeSigningKeys } from '../testing/copy-hosts.ts';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec, whyNoMachines } from '../testing/test-host.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'copies between two hosts',
  () => {
    let hosts: { from: CopyHost; to: CopyHost };
    let daemons: { from: DaemonProcess; to: DaemonProcess };
    beforeAll(async () => {
      const keys = await makeSigningKeys();
      hosts = { from: await CopyHost.open(keys), to: await CopyHost.open(keys) };
      daemons = { from: await hosts.from.startDaemon(), to: await hosts.to.startDaemon() };
    });
    afterAll(async () => {
      await hosts.from.close();
      await hosts.to.close();
    });

    it('a running machine comes up on the other host, with its snapshots, and is brought up to date', async () => {
      const { from, to } = hosts;
      const [spec, copy] = [makeSpec(), makeSpec({ name: 'copy' })];
      await from.control.run(spec, 'create');
      await daemons.from.shell(
        spec.container_id,
        'echo one >/root/state; mkdir /etc/ssh; echo x >/etc/ssh/ssh_host_rsa_key',
      );
      await from.control.run(spec, 'snapshot', { parameters: { snapshot_name: 'first' } });
      await daemons.from.shell(spec.container_id, 'echo two >/root/state');
      const point = await from.copyOut(spec);
      await daemons.from.shell(spec.container_id, 'echo later >/root/state');
      const wanted = { from, spec, point, withSnapshots: true };
      const ended = await to.copyIn(copy, wanted);
      expect(ended).toMatchObject({
        type: 'completed',
        result: { state: 'running', restored_as: 'cold', snapshots: [{ name: 'first' }] },
      });
      expect(ended.type === 'completed' && ended.result.bytes_transferred).toBeGreaterThan(10_000);
      const { container_id: id } = copy;
      expect(await daemons.to.shell(id, 'cat /root/state; hostname; ls /etc/ssh')).toBe(
        'two\ncopy\nssh_host_ed25519_key\nssh_host_ed25519_key.pub',
      );
      const keyOfCopy = await daemons.to.shell(id, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
      await daemons.to.shell(id, 'echo own >/root/own');
      await from.control.run(spec, 'release-copy', { parameters: { copy_point: point, keep_base: true } });

      const next = await from.copyOut(spec);
      const synced = await to.syncIn(copy, { ...wanted, point: next, base: point, withSnapshots: false }, 2);
      expect(synced).toMatchObject({ type: 'completed', result: { state: 'running', restored_as: 'cold' } });
      expect(await daemons.to.shell(id, 'cat /root/state; ls /root/own 2>/dev/null; hostname')).toBe(
        'later\ncopy',
      );
      expect(await daemons.to.shell(id, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).toBe(keyOfCopy);

      const again = await to.syncIn(copy, { ...wanted, point: await from.copyOut(spec), base: point }, 3);
      expect(again).toMatchObject({ type: 'failed', error: { code: 'SYNC_BASE_GONE', state: 'running' } });
      await from.control.run(spec, 'delete', { incarnation: 2 });
      await to.control.run(copy, 'delete', { incarnation: 4 });
      expect(findLeftovers(from.dataDir, spec.container_id)).toEqual([]);
      expect(findLeftovers(to.dataDir, id)).toEqual([]);
    });
  },
  240_000,
);
