import type { MachineSpec } from '@control-plane/contract/link';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makePointName, makeSigningKeys } from '../testing/copy-hosts.ts';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec, whyNoMachines } from '../testing/test-host.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'copies on one host',
  () => {
    let host: CopyHost;
    let daemon: DaemonProcess;
    beforeAll(async () => {
      // Like a newcomer's: nothing is given to other hosts.
      host = await CopyHost.open(await makeSigningKeys(), { transferListen: 'off' });
      daemon = await host.startDaemon();
    });
    afterAll(() => host.close());

    const shell = ({ container_id: id }: MachineSpec, command: string): Promise<string> =>
      daemon.shell(id, command);
    async function make(name: string): Promise<MachineSpec> {
      const spec = makeSpec({ name });
      expect(await host.control.run(spec, 'create')).toMatchObject({ result: { state: 'running' } });
      return spec;
    }
    async function remove(...specs: readonly MachineSpec[]): Promise<void> {
      for (const spec of specs) {
        await host.control.run(spec, 'delete', { incarnation: 99 });
        expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
      }
    }
    const pointsOf = ({ container_id: id }: MachineSpec): string[] => {
      const directory = path.join(host.dataDir, 'snapshots', id);
      return existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith('copy-')) : [];
    };

    it('says that it gives nothing to other hosts, and copies all the same', async () => {
      const hello = host.control.ofType('hello').at(-1);
      expect(hello?.facts.transfer).toBeNull();
      expect(hello?.capabilities.copy).toBe(true);
    });

    it.each(['running', 'paused', 'stopped'] as const)(
      'a %s machine is copied and stays what it was; the copy is its own from then on',
      async (state) => {
        const [spec, copy] = [await make('source'), makeSpec({ name: 'copy' })];
        await shell(spec, 'echo old >/root/file; echo kept >/root/other');
        if (state !== 'running') await host.control.run(spec, state === 'paused' ? 'pause' : 'stop');
        const point = makePointName();
        const made = await host.control.run(spec, 'copy-out', { parameters: { copy_point: point } });
        expect(made).toMatchObject({
          type: 'completed',
          result: { state, copy_point: { name: point, stateful: false } },
        });
        expect(made.type === 'completed' && made.result.snapshot).toBeUndefined();
        const again = await host.control.run(spec, 'copy-out', { parameters: { copy_point: point } });
        expect(again).toMatchObject({ type: 'completed', result: { state, copy_point: { name: point } } });
        const copied = await host.copyIn(copy, { from: host, spec, point });
        expect(copied).toMatchObject({
          result: { state: 'running', restored_as: 'cold', bytes_transferred: 0 },
        });
        expect(await shell(copy, 'cat /root/file; hostname; echo new >/root/file')).toBe('old\ncopy');
        await remove(spec);
        expect(await shell(copy, 'cat /root/file /root/other')).toBe('new\nkept');
        await remove(copy);
      },
    );

    it('a copy point is no snapshot: it can’t be restored or deleted as one', async () => {
      const spec = await make('source');
      const point = await host.copyOut(spec);
      for (const command of ['restore', 'delete-snapshot'] as const) {
        const parameters = { snapshot_name: point };
        expect(await host.control.run(spec, command, { parameters })).toMatchObject({
          type: 'failed',
          error: { code: 'SNAPSHOT_NOT_FOUND', state: 'running' },
        });
      }
      expect(pointsOf(spec)).toEqual([point]);
      await remove(spec);
    });

    it('a copy of a snapshot has what was then, and snapshots travel when they shall', async () => {
      const [spec, copy, whole] = [await make('source'), makeSpec(), makeSpec()];
      const [itsId, idFile] = ['5'.repeat(32), '/etc/machine-id'];
      await shell(spec, `echo then >/root/file; rm -f ${idFile}; echo ${itsId} >${idFile}`);
      await host.control.run(spec, 'snapshot', { parameters: { snapshot_name: 'old' } });
      await shell(spec, 'echo now >/root/file');
      const point = await host.copyOut(spec, { source_snapshot: 'old' });
      const live = await host.copyOut(spec);
      expect(await host.copyIn(whole, { from: host, spec, point: live, withSnapshots: true })).toMatchObject({
        result: { snapshots: [{ name: 'old', stateful: false }] },
      });
      await host.control.run(spec, 'delete-snapshot', { parameters: { snapshot_name: 'old' } });
      await host.copyIn(copy, { from: host, spec, point });
      await remove(spec);
      expect(await shell(copy, 'cat /root/file')).toBe('then');
      expect(await shell(whole, 'cat /root/file')).toBe('now');
      const ownId = await shell(whole, `cat ${idFile}`);
      expect(ownId).toMatch(/^[0-9a-f]{32}$/);
      expect(ownId).not.toBe(itsId);
      const restore = { snapshot_name: 'old', run_after: true };
      const restored = await host.control.run(whole, 'restore', { incarnation: 2, parameters: restore });
      expect(restored).toMatchObject({ result: { state: 'running', restored_as: 'cold' } });
      // What came along is the source's; the machine stays the one that it is.
      expect(await shell(whole, `cat /root/file ${idFile}; hostname`)).toBe(`then\n${ownId}\n${whole.name}`);
      const own = '6'.repeat(32);
      await shell(whole, `rm ${idFile}; echo ${own} >${idFile}`);
      const parameters = { snapshot_name: 'old' };
      await host.control.run(whole, 'delete-snapshot', { incarnation: 2, parameters });
      await host.control.run(whole, 'snapshot', { incarnation: 2, parameters });
      await shell(whole, `rm ${idFile}; echo ${ownId} >${idFile}`);
      // A snapshot of its own of the same name brings back what it holds.
      await host.control.run(whole, 'restore', { incarnation: 3, parameters: restore });
      expect(await shell(whole, `cat ${idFile}`)).toBe(own);
      await remove(copy, whole);
    });

    it('a copy takes its source’s content again and again, running or stopped, and a copy of it as well', async () => {
      const [spec, copy, second] = [await make('source'), makeSpec({ name: 'copy' }), makeSpec()];
      let point = await host.copyOut(spec);
      await host.copyIn(copy, { from: host, spec, point });
      await host.copyIn(second, { from: host, spec: copy, point: await host.copyOut(copy) });
      for (const [round, run_after] of [
        [2, undefined],
        [3, false],
        [4, undefined],
        [5, true],
      ] as const) {
        await shell(spec, `echo ${round} >/root/round`);
        const base = point;
        point = await host.copyOut(spec);
        const isStopped = round === 4;
        const parameters = run_after === undefined ? {} : { run_after };
        const wanted = { from: host, spec, point, base };
        expect(await host.syncIn(copy, wanted, round, parameters)).toMatchObject({
          type: 'completed',
          result:
            run_after === false || isStopped
              ? { state: 'stopped', restored_as: 'filesystem' }
              : { state: 'running', restored_as: 'cold' },
        });
        const release = { copy_point: base, keep_base: false };
        await host.control.run(spec, 'release-copy', { parameters: release });
        await host.control.run(spec, 'release-copy', { parameters: { copy_point: point, keep_base: true } });
        expect(pointsOf(spec)).toEqual([point]);
      }
      expect(await shell(copy, 'cat /root/round; hostname')).toBe('5\ncopy');
      expect(await shell(second, 'cat /root/round 2>/dev/null || echo none')).toBe('none');
      await remove(spec, copy, second);
    });

    it('a sync whose new body can’t run brings the old one back', async () => {
      const [spec, copy] = [await make('source'), makeSpec({ name: 'copy' })];
      const first = await host.copyOut(spec);
      await host.copyIn(copy, { from: host, spec, point: first });
      await shell(copy, 'echo mine >/root/file');
      await shell(spec, 'rm /bin/sh');
      const point = await host.copyOut(spec);
      expect(await host.syncIn(copy, { from: host, spec, point }, 2)).toMatchObject({
        type: 'failed',
        error: { step: 'start-machine', state: 'running' },
      });
      expect(await shell(copy, 'cat /root/file')).toBe('mine');
      const broken = makeSpec();
      expect(await host.copyIn(broken, { from: host, spec, point })).toMatchObject({
        type: 'failed',
        error: { step: 'start-machine', state: 'absent' },
      });
      expect(findLeftovers(host.dataDir, broken.container_id)).toEqual([]);
      await remove(spec, copy);
    });

    it('what can’t be is refused by name, and changes nothing', async () => {
      const [spec, other] = [await make('source'), makeSpec()];
      const run = async (
        subject: MachineSpec,
        command: 'copy-out' | 'copy-in' | 'sync-in' | 'release-copy',
        parameters: Parameters<CopyHost['copyIn']>[2] = {},
      ): Promise<string> => {
        const ended = await host.control.run(subject, command, { parameters });
        return ended.type === 'failed' ? ended.error.code : ended.type;
      };
      const point = await host.copyOut(spec);
      const copy_source = await host.sourceOf({ from: host, spec, point });
      const copy_point = makePointName();
      for (const odd of ['', 'copy-1', '../up', `snap-${'a'.repeat(24)}`]) {
        expect(await run(spec, 'copy-out', { copy_point: odd })).toBe('COPY_POINT_NOT_FOUND');
        expect(await run(spec, 'release-copy', { copy_point: odd })).toBe('COPY_POINT_NOT_FOUND');
      }
      expect(await run(other, 'copy-out', { copy_point })).toBe('MACHINE_NOT_FOUND');
      expect(await run(spec, 'copy-out', { copy_point, stateful: true })).toBe('CAPABILITY_MISSING');
      expect(await run(spec, 'copy-out', { copy_point, source_snapshot: 'none' })).toBe('SNAPSHOT_NOT_FOUND');
      expect(await run(spec, 'copy-out', { copy_point, source_snapshot: point })).toBe('SNAPSHOT_NOT_FOUND');
      expect(await run(spec, 'copy-in', { copy_point: point, copy_source })).toBe('MACHINE_ALREADY_EXISTS');
      expect(await run(other, 'copy-in', { copy_point, copy_source })).toBe('COPY_POINT_NOT_FOUND');
      expect(await run(other, 'copy-in', { copy_point: point })).toBe('COPY_POINT_NOT_FOUND');
      expect(await run(other, 'copy-in', { copy_point: point, copy_source, stateful: true })).toBe(
        'CAPABILITY_MISSING',
      );
      expect(await run(other, 'sync-in', { copy_point: point, copy_source })).toBe('MACHINE_NOT_FOUND');
      expect(await run(other, 'release-copy', { copy_point })).toBe('completed');
      expect(findLeftovers(host.dataDir, other.container_id)).toEqual([]);
      await host.control.run(spec, 'pause');
      expect(await run(spec, 'sync-in', { copy_point: point, copy_source })).toBe('WRONG_STATE');
      expect(pointsOf(spec)).toEqual([point]);
      await remove(spec);
    });

    it('a copy point that no operation made is removed at the next start, named in the log', async () => {
      const spec = await make('source');
      const [kept, lost] = [await host.copyOut(spec), await host.copyOut(spec)];
      await daemon.kill();
      const journal = new DatabaseSync(path.join(host.dataDir, 'journal.db'));
      journal.prepare('delete from copy_points where name = ?').run(lost);
      journal.close();
      daemon = await host.startDaemon();
      expect(pointsOf(spec)).toEqual([kept]);
      expect(daemon.output).toContain(lost);
      await remove(spec);
    });
  },
  120_000,
);
