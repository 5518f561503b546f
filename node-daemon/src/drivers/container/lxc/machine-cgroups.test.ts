import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { powerOffSignal } from './end-machine.ts';
import { groupsOfInit, MachineCgroups } from './machine-cgroups.ts';

const mounts = [
  { version: 1, path: '/sys/fs/cgroup/memory', device: '0:31', names: ['rw', 'memory'] },
  { version: 1, path: '/sys/fs/cgroup/systemd', device: '0:30', names: ['rw', 'xattr', 'name=systemd'] },
  { version: 2, path: '/sys/fs/cgroup/unified', device: '0:28', names: [] },
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

describe.skipIf(process.geteuid?.() !== 0)(
  'the groups of a machine that something else than LXC made',
  () => {
    const cgroups = new MachineCgroups(`node-daemon-test-${process.pid}`);
    const { freezer } = cgroups.tree.layout;

    it.skipIf(freezer === undefined)('are given to it, but for what sets its limits', async () => {
      cgroups.tree.create('machine', { cpuCores: null, memoryBytes: null });
      const at = (...names: string[]): string => path.join(freezer?.base ?? '', 'machine', ...names);
      const state = freezer?.version === 1 ? 'freezer.state' : 'cgroup.freeze';
      chownSync(at(state), 946_024_249, 959_472_185);
      chmodSync(at(state), 0o2064);
      mkdirSync(at('of-its-own', 'deeper'), { recursive: true });
      chownSync(at('of-its-own'), 100_000, 100_001);
      chownSync(at('of-its-own', 'deeper'), 100_002, 100_003);
      cgroups.giveToMachine('machine', 100_000);
      const owners = [
        [],
        ['cgroup.procs'],
        [state],
        ['of-its-own', state],
        ['of-its-own', 'deeper', 'cgroup.procs'],
      ];
      expect(
        owners.map((names) => {
          const { uid, gid, mode } = statSync(at(...names));
          return `${names.join('/')} ${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
        }),
      ).toEqual([
        ' 0:100000 775',
        'cgroup.procs 0:100000 664',
        `${state} 0:0 644`,
        `of-its-own/${state} 100000:100001 644`,
        'of-its-own/deeper/cgroup.procs 100002:100003 644',
      ]);
      expect(() => cgroups.giveToMachine('nobody', 100_000)).not.toThrow();
      expect(await cgroups.remove('machine')).toMatchObject({ ok: true });
      cgroups.removeBases();
    });
  },
);

it.each([
  ['/usr/lib/systemd/systemd', 38],
  ['/bin/busybox', 'SIGUSR2'],
  ['/sbin/init', 'SIGPWR'],
])('%s is asked to power off by %s', (executable, signal) => {
  expect(powerOffSignal(executable)).toBe(signal);
});
