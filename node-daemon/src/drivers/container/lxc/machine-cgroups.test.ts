import { describe, expect, it } from 'vitest';
import { powerOffSignal } from './end-machine.ts';
import { groupsOfInit } from './machine-cgroups.ts';

const mounts = [
  { version: 1, path: '/sys/fs/cgroup/memory', names: ['rw', 'memory'] },
  { version: 1, path: '/sys/fs/cgroup/systemd', names: ['rw', 'xattr', 'name=systemd'] },
  { version: 2, path: '/sys/fs/cgroup/unified', names: [] },
] as const;

describe('where LXC makes groups', () => {
  it('is the top where pid 1 is at the top or in systemd’s own scope', () => {
    const text = '4:memory:/\n1:name=systemd:/init.scope\n0::/init.scope\n';
    expect([...groupsOfInit(text, mounts).values()]).toEqual(mounts.map((mount) => mount.path));
  });

  it('is below pid 1’s group where a host around this one put it into one', () => {
    const text = '4:cpu,memory:/outer/one\n1:name=systemd:/\n0::/\n';
    expect(groupsOfInit(text, mounts).get('/sys/fs/cgroup/memory')).toBe('/sys/fs/cgroup/memory/outer/one');
  });
});

it.each([
  ['/usr/lib/systemd/systemd', 38],
  ['/bin/busybox', 'SIGUSR2'],
  ['/sbin/init', 'SIGPWR'],
])('%s is asked to power off by %s', (executable, signal) => {
  expect(powerOffSignal(executable)).toBe(signal);
});
