import { rmSync } from 'node:fs';
import { openDriverSet } from '@control-plane/node-daemon/driver-set';
import { afterAll, describe, expect, it } from 'vitest';
import { RealHost } from '../host/support/real-host.ts';
import { zfs } from './support/zfs-side.ts';

describe('the lxc set on ZFS', () => {
  const host = new RealHost();
  afterAll(() => host.close());

  it('keeps disks as data sets of its own, finds them again, and refuses another place while there are machines', async () => {
    expect(host.set.storage.name).toBe('zfs');
    expect(host.set.capabilities).toMatchObject({ snapshot: true, copy: true, stateful_snapshot: true });
    const machine = host.machine();
    await machine.create();
    expect(
      zfs('list', '-H', '-r', '-o', 'name', 'one').some((name) => name.endsWith(machine.containerId)),
    ).toBe(true);
    expect(await machine.shell('grep " / " /proc/mounts')).toMatch(/^one\/node-daemon-\S+ \/ zfs /);
    await host.reopen();
    expect(await host.set.storage.hasVolume(machine.containerId)).toBe(true);
    expect(() => openDriverSet('lxc', host.dataDir, { kind: 'directory' })).toThrow(
      'have their disks on zfs',
    );
    expect(() => openDriverSet('lxc', host.dataDir, { kind: 'zfs', pool: 'two' })).toThrow(
      'have their disks on',
    );
    expect(openDriverSet('lxc', host.dataDir, { kind: 'auto' }).storage.name).toBe('zfs');
  });

  it('is not opened, with the reason, where there is no such pool', () => {
    const other = `${host.dataDir}-other`;
    expect(() => openDriverSet('lxc', other, { kind: 'zfs', pool: 'three' })).toThrow(
      'no ZFS data set “three”',
    );
    rmSync(other, { recursive: true, force: true });
  });
});
