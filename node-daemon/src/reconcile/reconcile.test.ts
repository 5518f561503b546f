import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { findLeftovers, killInit, processesOf } from '../testing/host-leftovers.ts';
import { makeSpec, TestHost, whyNoMachines } from '../testing/test-host.ts';
import { waitFor } from '../testing/wait-for.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'a daemon that comes back',
  () => {
    let host: TestHost;
    let daemon: DaemonProcess;

    beforeEach(async () => {
      host = new TestHost();
      await host.control.listen();
      daemon = await host.startDaemon();
    });
    afterEach(() => host.close());

    const reportsOf = (containerId: string) =>
      host.control.ofType('report').filter((report) => report.container_id === containerId);

    it('adopts machines that went on running, with the same processes', async () => {
      const running = makeSpec();
      const paused = makeSpec();
      await host.control.run(running, 'create');
      await host.control.run(paused, 'create');
      await host.control.run(paused, 'pause');
      const before = processesOf(running.container_id);
      await daemon.kill();
      expect(processesOf(running.container_id)).toEqual(before);
      daemon = await host.startDaemon();
      expect(processesOf(running.container_id)).toEqual(before);
      const inventory = host.control.ofType('hello').at(-1)?.inventory ?? [];
      const states = new Map(inventory.map((entry) => [entry.container_id, entry.state]));
      expect(states.get(running.container_id)).toBe('running');
      expect(states.get(paused.container_id)).toBe('paused');
      expect(host.control.ofType('report')).toEqual([]);
      expect(await daemon.shell(running.container_id, 'echo adopted')).toBe('adopted');
      expect(await host.control.run(running, 'stop')).toMatchObject({ result: { state: 'stopped' } });
    });

    it('reports a machine whose init exits, at once and also after it was away', async () => {
      const first = makeSpec();
      const second = makeSpec();
      await host.control.run(first, 'create');
      await host.control.run(second, 'create');
      await daemon.shell(first.container_id, 'kill -TERM 1').catch(() => undefined);
      const report = await waitFor('the report', () => reportsOf(first.container_id).at(0));
      expect(report).toMatchObject({ state: 'stopped', cause: 'init_exited', incarnation: 1 });
      await daemon.kill();
      killInit(host.dataDir, second.container_id);
      await waitFor('the machine’s end', () => processesOf(second.container_id).length === 0);
      daemon = await host.startDaemon();
      const later = await waitFor('the report', () => reportsOf(second.container_id).at(0));
      expect(later).toMatchObject({ state: 'stopped', cause: 'init_exited' });
      expect(await host.control.run(second, 'start')).toMatchObject({ result: { state: 'running' } });
    });

    it('stops machines on its way out if told to, and brings back those that start by themselves', async () => {
      expect(await daemon.stop()).toBe(0);
      daemon = await host.startDaemon({ onExit: 'stop' });
      const comesBack = makeSpec({ autostart: true });
      const staysDown = makeSpec({ autostart: false });
      for (const spec of [comesBack, staysDown]) await host.control.run(spec, 'create');
      expect(await daemon.stop()).toBe(0);
      for (const spec of [comesBack, staysDown]) expect(processesOf(spec.container_id)).toEqual([]);
      expect(reportsOf(staysDown.container_id)).toMatchObject([{ state: 'stopped', cause: 'host_stopping' }]);
      expect(reportsOf(comesBack.container_id)).toEqual([]);
      daemon = await host.startDaemon();
      const report = await waitFor('the report', () => reportsOf(comesBack.container_id).at(0));
      expect(report).toMatchObject({ state: 'running', cause: 'autostart' });
      expect(await daemon.shell(comesBack.container_id, 'echo back')).toBe('back');
      const machines = await daemon.machines();
      expect(machines.find(({ container_id: id }) => id === staysDown.container_id)?.state).toBe('stopped');
    });

    it('treats machines after a reboot of the host by their autostart', async () => {
      const comesBack = makeSpec({ autostart: true });
      const staysDown = makeSpec({ autostart: false });
      for (const spec of [comesBack, staysDown]) await host.control.run(spec, 'create');
      await daemon.kill();
      for (const spec of [comesBack, staysDown]) {
        killInit(host.dataDir, spec.container_id);
        await waitFor('the machine’s end', () => processesOf(spec.container_id).length === 0);
      }
      const journal = new DatabaseSync(path.join(host.dataDir, 'journal.db'));
      journal.exec(`update meta set value = 'an earlier boot' where name = 'boot_id'`);
      journal.close();
      daemon = await host.startDaemon();
      const back = await waitFor('the report', () => reportsOf(comesBack.container_id).at(0));
      expect(back).toMatchObject({ state: 'running', cause: 'autostart' });
      const down = await waitFor('the report', () => reportsOf(staysDown.container_id).at(0));
      expect(down).toMatchObject({ state: 'stopped', cause: 'host_started' });
    });

    it('quarantines what nobody owns: stopped, its data kept', async () => {
      const lost = makeSpec();
      await host.control.run(lost, 'create', { incarnation: 4 });
      await daemon.shell(lost.container_id, 'echo precious >/root/file');
      await daemon.kill();
      for (const name of readdirSync(host.dataDir)) {
        if (name.startsWith('journal.db')) rmSync(path.join(host.dataDir, name));
      }
      daemon = await host.startDaemon();
      const inventory = host.control.ofType('hello').at(-1)?.inventory;
      expect(inventory).toEqual([
        { container_id: lost.container_id, incarnation: 4, state: 'stopped', quarantined: true },
      ]);
      expect(processesOf(lost.container_id)).toEqual([]);
      const file = path.join(host.dataDir, 'volumes', lost.container_id, 'root', 'root', 'file');
      expect(readFileSync(file, 'utf8')).toBe('precious\n');
    });

    it('quarantines what the control plane does not know, until a command shows that it does', async () => {
      const unknown = makeSpec();
      await host.control.run(unknown, 'create');
      host.control.quarantine = [unknown.container_id];
      const before = host.control.ofType('hello').length;
      host.control.dropLink();
      await host.control.connected(before);
      await waitFor('the quarantine', async () =>
        (await daemon.machines()).some((machine) => machine.quarantined),
      );
      expect(processesOf(unknown.container_id)).toEqual([]);
      expect(existsSync(path.join(host.dataDir, 'volumes', unknown.container_id))).toBe(true);
      host.control.quarantine = [];
      expect(await host.control.run(unknown, 'start')).toMatchObject({ result: { state: 'running' } });
      expect((await daemon.machines()).some((machine) => machine.quarantined)).toBe(false);
      await host.control.run(unknown, 'delete', { incarnation: 2 });
      expect(findLeftovers(host.dataDir, unknown.container_id)).toEqual([]);
    });

    it('lets only one daemon use a data directory', async () => {
      const second = host.spawnDaemon();
      expect(await second.exited()).toMatchObject({ code: 1 });
      expect(second.output).toContain('Another daemon uses the data directory');
      expect(daemon.hasExited).toBe(false);
    });
  },
  60_000,
);
