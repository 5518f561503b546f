import { randomInt } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashTree } from '../drivers/storage/storage-copies-suite.ts';
import { CopyHost, makeSigningKeys, type WantedTransfer } from '../testing/copy-hosts.ts';
import { CuttingProxy } from '../testing/cutting-proxy.ts';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec, whyNoMachines } from '../testing/test-host.ts';
import { waitFor } from '../testing/wait-for.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'a transfer whose connection is cut',
  () => {
    const spec = makeSpec();
    let from: CopyHost;
    let to: CopyHost;
    let daemon: DaemonProcess;
    let receiver: DaemonProcess;
    let wanted: WantedTransfer;

    beforeAll(async () => {
      const keys = await makeSigningKeys();
      [from, to] = [await CopyHost.open(keys), await CopyHost.open(keys)];
      [daemon, receiver] = await Promise.all([from.startDaemon(), to.startDaemon()]);
      await from.control.run(spec, 'create');
      for (const name of ['one', 'two', 'three']) {
        await daemon.shell(
          spec.container_id,
          `dd if=/dev/urandom of=/root/${name} bs=64k count=16 2>/dev/null`,
        );
        await from.control.run(spec, 'snapshot', { parameters: { snapshot_name: name } });
      }
      wanted = { from, spec, point: await from.copyOut(spec), withSnapshots: true };
    });
    afterAll(async () => {
      await from.close();
      await to.close();
    });

    const treeOf = (host: CopyHost, id: string, snapshot: string): string =>
      hashTree(path.join(host.dataDir, 'snapshots', id, snapshot, 'volume', 'root', 'root'));

    it('at any byte goes on with what is missing, and ends with the same content', async () => {
      const cuts = [0, 10, ...Array.from({ length: 6 }, () => randomInt(1, 6_000_000))];
      const proxy = new CuttingProxy(from.endpoint, cuts);
      const target = makeSpec();
      const copy_source = await to.sourceOf(wanted, { endpoint: await proxy.listen() });
      const parameters = {
        copy_point: wanted.point,
        copy_source,
        keep_base: true,
        with_snapshots: true,
        run_after: false,
      };
      const ended = await to.control.run(target, 'copy-in', { parameters });
      expect({ cuts, ...ended }).toMatchObject({
        type: 'completed',
        result: { snapshots: [{ name: 'one' }, { name: 'two' }, { name: 'three' }] },
      });
      expect(proxy.connections).toBeGreaterThan(2);
      for (const name of ['one', 'two', 'three'])
        expect(treeOf(to, target.container_id, name)).toBe(treeOf(from, spec.container_id, name));
      expect(hashTree(path.join(to.dataDir, 'volumes', target.container_id, 'root', 'root'))).toBe(
        treeOf(from, spec.container_id, wanted.point),
      );
      await to.control.run(target, 'delete', { incarnation: 2 });
      await proxy.close();
    });

    it('again and again is given up by name, and leaves nothing', async () => {
      const proxy = new CuttingProxy(
        from.endpoint,
        Array.from({ length: 50 }, () => 3_000),
      );
      const target = makeSpec();
      const copy_source = await to.sourceOf(wanted, { endpoint: await proxy.listen() });
      const parameters = { copy_point: wanted.point, copy_source };
      expect(await to.control.run(target, 'copy-in', { parameters })).toMatchObject({
        type: 'failed',
        error: { code: 'TRANSFER_FAILED', step: 'receive-copy', state: 'absent' },
      });
      expect(findLeftovers(to.dataDir, target.container_id)).toEqual([]);
      await proxy.close();
      const gone = await to.control.run(target, 'copy-in', { incarnation: 2, parameters });
      expect(gone).toMatchObject({ type: 'failed', error: { code: 'SOURCE_UNREACHABLE', state: 'absent' } });
      expect(findLeftovers(to.dataDir, target.container_id)).toEqual([]);
    });

    it.each(['killed', 'stopped'] as const)(
      'because a daemon is %s in its middle goes on after the start, with the same ticket',
      async (end) => {
        const proxy = new CuttingProxy(from.endpoint, [], 200_000);
        const target = makeSpec({ name: 'copy' });
        const copy_source = await to.sourceOf(wanted, { endpoint: await proxy.listen() });
        const parameters = { copy_point: wanted.point, copy_source, with_snapshots: true };
        const copying = to.control.makeDispatch(target, 'copy-in', { parameters });
        to.control.send(copying);
        await waitFor('the transfer to stand still', () => proxy.stalled > 0);
        if (end === 'killed') await receiver.kill();
        else expect(await receiver.stop()).toBe(0);
        proxy.stallsAfter = Infinity;
        receiver = await to.startDaemon();
        expect(await to.control.ended(copying.operation_id)).toMatchObject({
          type: 'completed',
          result: { state: 'running', snapshots: [{ name: 'one' }, { name: 'two' }, { name: 'three' }] },
        });
        expect(await receiver.shell(target.container_id, 'hostname; ls /root')).toBe('copy\none\nthree\ntwo');
        await to.control.run(target, 'delete', { incarnation: 2 });
        expect(findLeftovers(to.dataDir, target.container_id)).toEqual([]);
        await proxy.close();
      },
    );

    /** Begins a copy whose transfer stands still in its middle. */
    async function copyUntilItStalls() {
      const proxy = new CuttingProxy(from.endpoint, [], 200_000);
      const target = makeSpec();
      const copy_source = await to.sourceOf(wanted, { endpoint: await proxy.listen() });
      const parameters = { copy_point: wanted.point, copy_source };
      const copying = to.control.makeDispatch(target, 'copy-in', { parameters });
      to.control.send(copying);
      await waitFor('the transfer to stand still', () => proxy.stalled > 0);
      return { proxy, target, copying };
    }

    it('because the copy is deleted in its middle leaves nothing of it', async () => {
      const { proxy, target, copying } = await copyUntilItStalls();
      const deleted = await to.control.run(target, 'delete', { incarnation: 2 });
      expect(deleted).toMatchObject({ type: 'completed', result: { state: 'absent' } });
      expect(await to.control.ended(copying.operation_id)).toMatchObject({
        type: 'failed',
        error: { code: 'CANCELLED', state: 'absent' },
      });
      expect(findLeftovers(to.dataDir, target.container_id)).toEqual([]);
      await proxy.close();
    });

    it('because the source is deleted in its middle fails by name and leaves nothing of it', async () => {
      const { proxy, target, copying } = await copyUntilItStalls();
      const removed = await from.control.run(spec, 'delete', { incarnation: 2 });
      expect(removed).toMatchObject({ type: 'completed', result: { state: 'absent' } });
      expect(findLeftovers(from.dataDir, spec.container_id)).toEqual([]);
      // The proxy reads no more, so that it does not notice that the source has closed.
      proxy.cutAll();
      expect(await to.control.ended(copying.operation_id)).toMatchObject({
        type: 'failed',
        error: { code: 'COPY_POINT_NOT_FOUND', step: 'receive-copy', state: 'absent' },
      });
      expect(findLeftovers(to.dataDir, target.container_id)).toEqual([]);
      await proxy.close();
    });
  },
  240_000,
);
