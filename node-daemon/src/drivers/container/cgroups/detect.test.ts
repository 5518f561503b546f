import { describe, expect, it } from 'vitest';
import { parseCgroupMounts } from './detect.ts';

describe('cgroup mounts', () => {
  it('finds version 1 controllers, joint ones and version 2 in mountinfo', () => {
    const text = [
      '31 23 0:27 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755',
      '32 31 0:28 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate',
      '35 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct',
      'nonsense',
      '',
    ].join('\n');
    expect(parseCgroupMounts(text)).toEqual([
      { version: 2, path: '/sys/fs/cgroup/unified', device: '0:28', names: [] },
      { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct', device: '0:31', names: ['rw', 'cpu', 'cpuacct'] },
    ]);
  });
});
