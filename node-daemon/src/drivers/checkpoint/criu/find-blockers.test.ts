import { describe, expect, it } from 'vitest';
import { cgroupRootArguments } from './cgroup-roots.ts';
import { firstCriuError } from './criu-arguments.ts';
import { parseVersion } from './criu-program.ts';
import { findBlockers, type MachineView, type ProcessView } from './find-blockers.ts';
import { compareFeatures } from './host-features.ts';
import { preparesService, waitsForItsChild } from './starting-processes.ts';

const namespaces = { pid: 'pid:[1]', net: 'net:[1]' };
const init: ProcessView = {
  pid: 100, parentPid: 1, innerPid: 1, name: 'init', isZombie: false, tracerPid: 0, isOfMachine: true,
  openFiles: ['/dev/null'], lostFiles: [], namespaces,
}; // prettier-ignore
const child: ProcessView = { ...init, pid: 101, parentPid: 100, innerPid: 2, name: 'app' };
const machine = (processes: readonly ProcessView[], rest: Partial<MachineView> = {}): MachineView => ({
  initPid: 100,
  processes,
  devices: ['lo', 'eth0'],
  mounts: [{ type: 'btrfs', at: '/' }],
  networkChanges: [],
  ...rest,
});

describe('what keeps a machine from being dumped', () => {
  it('is nothing for a plain one, zombies included', () => {
    expect(
      findBlockers(machine([init, child, { ...child, pid: 102, parentPid: 7, isZombie: true }])),
    ).toEqual([]);
  });

  it.each<[Partial<ProcessView>, string]>([
    [{ parentPid: 7 }, 'app (process 2) was started from outside and still runs.'],
    [{ isOfMachine: false }, 'app (process 2) belongs to a session that was begun from outside.'],
    [{ lostFiles: ['a POSIX message queue open'] }, 'app (process 2) has a POSIX message queue open.'],
    [{ tracerPid: 9 }, 'app (process 2) is being traced.'],
    [{ openFiles: ['anon_inode:[io_uring]'] }, 'app (process 2) uses io_uring.'],
    [{ openFiles: ['anon_inode:[perf_event]'] }, 'app (process 2) measures performance (perf).'],
    [{ openFiles: ['/dev/kvm'] }, 'app (process 2) has the device /dev/kvm open.'],
    [{ namespaces: { ...namespaces, pid: 'pid:[2]' } }, 'app (process 2) is in a pid namespace of its own.'],
  ])('is named with process and reason: %o', (change, reason) => {
    expect(findBlockers(machine([init, { ...child, ...change }]))).toEqual([reason]);
  });

  it('is named for devices, mounts and changes of the network', () => {
    expect(findBlockers(machine([init], { devices: ['lo', 'docker0'] }))[0]).toContain('docker0');
    expect(findBlockers(machine([init], { mounts: [{ type: 'fuse.sshfs', at: '/mnt' }] }))[0]).toContain(
      '/mnt',
    );
    expect(findBlockers(machine([init], { networkChanges: ['A route.'] }))).toEqual(['A route.']);
    expect(findBlockers(machine([child]))).toEqual(['The machine has no process of its own.']);
  });
});

describe('features of hosts', () => {
  const host = { criu: '4.2.1', kernel: '6.12.9-cloud', architecture: 'x86_64', cpu_flags: ['avx', 'sse'] };

  it('are enough when they are the same or newer', () => {
    expect(compareFeatures(host, host)).toEqual([]);
    expect(
      compareFeatures(host, { ...host, kernel: '6.18.0', criu: '4.10', cpu_flags: ['avx', 'avx2', 'sse'] }),
    ).toEqual([]);
  });

  it('are refused by name when older, fewer or other ones', () => {
    expect(compareFeatures(host, { ...host, kernel: '6.2.0' })[0]).toContain('6.2.0');
    expect(compareFeatures(host, { ...host, criu: '4.2' })[0]).toContain('4.2');
    expect(compareFeatures(host, { ...host, cpu_flags: ['sse'] })[0]).toContain('avx');
    expect(compareFeatures(host, { ...host, architecture: 'aarch64' })).toHaveLength(1);
  });
});

describe('what CRIU is told and tells', () => {
  it('groups begin at the machine in each hierarchy, also where pid 1 of the host is deeper', () => {
    const text =
      '4:memory:/deep/nd/abc\n2:cpu,cpuacct:/nd/abc\n1:name=systemd:/nd/abc/init.scope\n0::/nd/abc/init.scope\n';
    expect(cgroupRootArguments(text, 'abc')).toEqual([
      '--cgroup-root',
      '/nd/abc',
      '--cgroup-root',
      'memory:/deep/nd/abc',
    ]);
    expect(cgroupRootArguments('', 'abc')).toEqual([]);
  });

  it('reads the first real error of a log, and versions', () => {
    const log =
      '(0.1) Error (criu/util.c:1): rlimit: no\n(0.2) Warn  (a.c:1): b\n(0.3) Error (criu/x.c:2): the reason\nError (y.c:1): Dumping FAILED.\n';
    expect(firstCriuError(log)).toBe('the reason');
    expect(firstCriuError('')).toBeUndefined();
    expect(parseVersion('Version: 4.2.1\nGitID: x\n')).toBe('4.2.1');
    expect(parseVersion('nothing')).toBeUndefined();
  });

  it('knows a process that waits for the child it is starting', () => {
    expect(waitsForItsChild('58 0x1 0x2\n', 'x86_64')).toBe(true);
    expect(waitsForItsChild('435 0x1\n', 'aarch64')).toBe(true);
    for (const line of ['running', '-1 0x1 0x2', '0 0x3', ''])
      expect(waitsForItsChild(line, 'x86_64')).toBe(false);
  });

  it('knows a service that systemd is about to run', () => {
    expect(preparesService('(tmpfiles)', '/usr/lib/systemd/systemd-executor')).toBe(true);
    expect(preparesService('8', '/usr/lib/systemd/systemd-executor')).toBe(true);
    expect(preparesService('(work.sh)', '/usr/lib/systemd/systemd')).toBe(true);
    expect(preparesService('(sd-pam)', '/usr/lib/systemd/systemd-executor')).toBe(false);
    expect(preparesService('systemd', '/usr/lib/systemd/systemd')).toBe(false);
    expect(preparesService('(mine)', '/usr/bin/python3')).toBe(false);
  });
});
