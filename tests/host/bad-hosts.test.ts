import type { MachineSpec } from '@control-plane/contract/link';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { hostTraces } from './support/host-traces.ts';

const mebibyte = 1024 * 1024;

describe('a host with something wrong', () => {
  let host: TestHost;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'bad-'));
    host = new TestHost();
    await host.control.listen();
  });
  afterEach(async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (environment: Readonly<Record<string, string>> = {}): Promise<DaemonProcess> =>
    host.startDaemon({ driver: 'lxc', environment });
  const busybox = (overrides: Partial<MachineSpec> = {}): MachineSpec =>
    makeSpec({ image: 'busybox', ...overrides });
  /** A search path with everything that the host has but for what `without` names. */
  const searchPathWithout = (...without: readonly string[]): string => {
    const names = new Set<string>();
    for (const directory of ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']) {
      for (const name of readdirSync(directory)) {
        if (without.includes(name) || names.has(name)) continue;
        names.add(name);
        symlinkSync(path.join(directory, name), path.join(folder, name));
      }
    }
    return folder;
  };

  it('full pool: what needs room is refused by name, what runs goes on, what frees room works', async () => {
    const image = path.join(host.dataDir, 'storage.img');
    writeFileSync(image, '');
    truncateSync(image, 256 * mebibyte);
    execFileSync('mkfs.btrfs', ['--quiet', image]);
    const daemon = await start();
    const { control } = host;
    const [first, second] = [busybox(), busybox()];
    await control.run(first, 'create');
    await control.run(first, 'snapshot', { parameters: { snapshot_name: 'early' } });
    const before = hostTraces(host.dataDir);
    await daemon.shell(first.container_id, 'dd if=/dev/urandom of=/root/all bs=1M; sync');
    for (const refused of [
      await control.run(second, 'create'),
      await control.run(first, 'snapshot', { parameters: { snapshot_name: 'late' } }),
      await control.run(first, 'restore', { incarnation: 2, parameters: { snapshot_name: 'early' } }),
    ]) {
      expect(refused).toMatchObject({ type: 'failed', error: { code: 'CAPACITY_EXCEEDED' } });
    }
    expect(await daemon.shell(first.container_id, 'ls /root')).toBe('all');
    expect(hostTraces(host.dataDir)).toEqual(before);
    expect(await control.run(first, 'stop', { incarnation: 2 })).toMatchObject({ type: 'completed' });
    expect(await control.run(first, 'delete', { incarnation: 2 })).toMatchObject({ type: 'completed' });
    expect(await control.run(second, 'create')).toMatchObject({ type: 'completed' });
    await control.run(second, 'delete', { incarnation: 2 });
  });

  it('missing tools: what can’t be done without is named, what can is done another way and said', async () => {
    const closed = host.spawnDaemon({
      driver: 'lxc',
      environment: { PATH: searchPathWithout('nft', 'mkfs.btrfs', 'btrfs') },
    });
    expect(await closed.exited()).toMatchObject({ code: 1 });
    expect(closed.output).toContain('missing: nft');
    symlinkSync('/usr/sbin/nft', path.join(folder, 'nft'));
    const daemon = await start({ PATH: folder });
    const status = await daemon.ready();
    expect(status.notes.join(' ')).toContain('Disks are full copies');
    expect(host.control.ofType('hello').at(-1)?.drivers.storage).toBe('directory');
    const spec = busybox();
    expect(await host.control.run(spec, 'create')).toMatchObject({ type: 'completed' });
    expect(await host.control.run(spec, 'delete', { incarnation: 2 })).toMatchObject({ type: 'completed' });
  });

  it('a CRIU that does not fit the kernel: named, memory refused by name, disks held all the same', async () => {
    const old = path.join(folder, 'criu');
    const script = '#!/bin/sh\n[ "$1" = --version ] && echo "Version: 3.17" && exit 0\nexit 1\n';
    writeFileSync(old, script, { mode: 0o755 });
    const daemon = await start({ NODE_DAEMON_CRIU: old });
    expect((await daemon.ready()).notes.join(' ')).toContain('CRIU 3.17 does not work with this kernel');
    const { control } = host;
    expect(control.ofType('hello').at(-1)?.capabilities.stateful_snapshot).toBe(false);
    const spec = busybox();
    await control.run(spec, 'create');
    const refused = await control.run(spec, 'snapshot', {
      parameters: { snapshot_name: 'memory', stateful: true },
    });
    expect(refused).toMatchObject({ error: { code: 'CAPABILITY_MISSING', state: 'running' } });
    const held = await control.run(spec, 'snapshot', { parameters: { snapshot_name: 'disk' } });
    expect(held).toMatchObject({ result: { snapshot: { stateful: false } } });
    await control.run(spec, 'delete', { incarnation: 2 });
  });

  it('images that are not there: named, and nothing is left of the attempt', async () => {
    const none = path.join(folder, 'none');
    mkdirSync(none);
    const empty = host.spawnDaemon({ driver: 'lxc', environment: { NODE_DAEMON_IMAGES_DIR: none } });
    expect(await empty.exited()).toMatchObject({ code: 1 });
    expect(empty.output).toContain('it has no image');

    await start();
    const { control } = host;
    const before = hostTraces(host.dataDir);
    const refused = await control.run(busybox({ image: 'plan9/4' }), 'create');
    expect(refused).toMatchObject({ error: { code: 'IMAGE_NOT_FOUND', state: 'absent' } });
    expect(hostTraces(host.dataDir)).toEqual(before);
  });

  it('snapshots in use: commands for one machine wait for each other, a name is given once', async () => {
    await start();
    const { control } = host;
    const spec = busybox();
    await control.run(spec, 'create');
    const parameters = { snapshot_name: 'held' };
    await control.run(spec, 'snapshot', { parameters });
    const again = await control.run(spec, 'snapshot', { parameters });
    expect(again).toMatchObject({ error: { code: 'SNAPSHOT_ALREADY_EXISTS', state: 'running' } });
    // Sent while the restore reads it: it is deleted afterwards, and the restored disk does not depend on it.
    const restore = control.makeDispatch(spec, 'restore', { incarnation: 2, parameters });
    const remove = control.makeDispatch(spec, 'delete-snapshot', { incarnation: 2, parameters });
    control.send(restore);
    control.send(remove);
    expect(await control.ended(restore.operation_id)).toMatchObject({ result: { state: 'running' } });
    expect(await control.ended(remove.operation_id)).toMatchObject({ type: 'completed' });
    const gone = await control.run(spec, 'restore', { incarnation: 3, parameters });
    expect(gone).toMatchObject({ error: { code: 'SNAPSHOT_NOT_FOUND', state: 'running' } });
    await control.run(spec, 'delete', { incarnation: 4 });
  });

  it('a clock that is off: refused by name while machines go on, connected once it is right', async () => {
    const daemon = await start();
    const { control } = host;
    const spec = busybox();
    await control.run(spec, 'create');
    const before = control.ofType('hello').length;
    control.clockOffsetSeconds = 3_600;
    control.dropLink();
    await waitFor('the refusal', () => control.refusals.includes('HOST_CLOCK_SKEW'));
    await waitFor('the reason in the status', async () => {
      return (await daemon.ready()).last_refusal === 'HOST_CLOCK_SKEW';
    });
    expect(await daemon.shell(spec.container_id, 'echo alive')).toBe('alive');
    control.clockOffsetSeconds = 0;
    await control.connected(before);
    expect(await control.run(spec, 'delete', { incarnation: 2 })).toMatchObject({ type: 'completed' });
  });

  it('a host that was rebooted: what starts by itself runs again, the others are reported as stopped', async () => {
    let daemon = await start();
    const { control } = host;
    const comesBack = busybox({ autostart: true, ramdisk: true });
    const staysDown = busybox();
    for (const spec of [comesBack, staysDown]) await control.run(spec, 'create');
    await daemon.shell(comesBack.container_id, 'echo kept >/root/file; sync');
    await daemon.kill();
    // What a reboot does: all processes are gone, and mounts, interfaces and rules with them; the boot id is another.
    for (const spec of [comesBack, staysDown]) endProcesses(spec.container_id);
    execFileSync('umount', ['-l', path.join(host.dataDir, 'ramdisks', comesBack.container_id)]);
    execFileSync('umount', ['-l', path.join(host.dataDir, 'storage')]);
    for (const line of execFileSync('ip', ['-oneline', 'link'], { encoding: 'utf8' }).split('\n')) {
      const bridge = /: (nd-[0-9a-f]{8}):/.exec(line)?.[1];
      if (bridge !== undefined) execFileSync('ip', ['link', 'delete', 'dev', bridge]);
    }
    execFileSync('nft', ['flush', 'ruleset']);
    const journal = path.join(host.dataDir, 'journal.db');
    execFileSync(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { DatabaseSync } from 'node:sqlite';
       new DatabaseSync(${JSON.stringify(journal)}).exec("update meta set value = 'an earlier boot' where name = 'boot_id'")`,
    ]);
    daemon = await start();
    const report = (spec: MachineSpec) =>
      waitFor('the report', () =>
        control.ofType('report').find((each) => each.container_id === spec.container_id),
      );
    expect(await report(comesBack)).toMatchObject({ state: 'running', cause: 'autostart' });
    expect(await report(staysDown)).toMatchObject({ state: 'stopped', cause: 'host_started' });
    expect(
      await daemon.shell(comesBack.container_id, 'cat /root/file; ip -4 -o addr show eth0 | wc -l'),
    ).toBe('kept\n1');
    expect(await control.run(staysDown, 'start')).toMatchObject({ result: { state: 'running' } });
    for (const spec of [comesBack, staysDown]) await control.run(spec, 'delete', { incarnation: 2 });
  });
});

/** Ends a machine's processes and its monitor, as nothing of the daemon's does. */
function endProcesses(containerId: string): void {
  const running = (): string[] =>
    execFileSync('sh', ['-c', `grep -l ${containerId} /proc/[0-9]*/cgroup 2>/dev/null || :`], {
      encoding: 'utf8',
    })
      .split('\n')
      .filter((line) => line !== '');
  for (const file of running()) {
    try {
      process.kill(Number(file.split('/')[2]), 'SIGKILL');
    } catch {
      // It ended with its pid 1.
    }
  }
}
