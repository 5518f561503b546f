import { describe, expect, it } from 'vitest';
import { machineConfig } from './machine-config.ts';

const request = {
  hostname: 'box',
  rootfs: '/data/volumes/a/root',
  rootUid: 1_900_019_712,
  containerGroup: 'group/a',
  monitorGroup: 'group/monitors/a',
  log: '/data/a/lxc.log',
  gateReady: "/it's/gate.ready",
  gateGo: '/data/a/gate.go',
  environment: { GOOD: 'a b=c', BAD: 'two\nlxc.idmap = u 0 0 1' },
  ramdisk: null,
  kvm: null,
};

describe('the LXC configuration', () => {
  it('maps root to an unprivileged user and leaves console, ttys and network to the daemon', () => {
    const lines = machineConfig(request).split('\n');
    expect(lines).toContain('lxc.idmap = u 0 1900019712 65536');
    expect(lines).toContain('lxc.idmap = g 0 1900019712 65536');
    expect(lines).toContain('lxc.console.path = none');
    expect(lines).toContain('lxc.tty.max = 0');
    expect(lines).toContain('lxc.net.0.type = empty');
  });

  it('can’t be added to by a variable’s value', () => {
    const lines = machineConfig(request).split('\n');
    expect(lines).toContain('lxc.environment = GOOD=a b=c');
    expect(lines.filter((line) => line.includes('BAD') || line === 'lxc.idmap = u 0 0 1')).toEqual([]);
  });

  it('quotes paths for the shell that runs the hook, and for mount entries', () => {
    const text = machineConfig({ ...request, ramdisk: '/with blank', kvm: '/data/kvm' });
    expect(text).toContain(`'/it'\\''s/gate.ready'`);
    expect(text).toContain('lxc.mount.entry = /with\\040blank ramdisk none bind,create=dir 0 0');
    expect(text).toContain('lxc.mount.entry = /data/kvm dev/kvm none bind,create=file 0 0');
    expect(/start-host = (.*)/.exec(text)?.[1]?.startsWith('/bin/sh ')).toBe(true);
  });
});
