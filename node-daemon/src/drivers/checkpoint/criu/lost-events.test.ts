import { describe, expect, it } from 'vitest';
import { field, image, message } from '../../../testing/criu-images.ts';
import { findGroupDevice, hasLostEvents } from './lost-events.ts';

const [groups, disk] = [29, 43];
const inotify = (id: number, ...devices: number[]): Buffer => {
  const watches = devices.map((device) => field(5, message(field(1, 1), field(2, 7), field(5, device))));
  return message(field(1, 8), field(2, id), field(13, message(field(1, id), field(2, 0), ...watches)));
};
const files = image(
  message(field(1, 1), field(2, 2), field(3, Buffer.from('no watch'))),
  inotify(0x11, groups, groups),
  inotify(0x12, disk),
  inotify(0x13, groups, disk),
  inotify(0x14),
);
const dropped = (...ids: string[]): string =>
  ids.map((id) => `(00.1) Warn  (criu/fsnotify.c:284): The ${id} inotify events will be dropped\n`).join('');

describe('events of watched files that a dump has dropped', () => {
  it.each([
    ['none', '', false],
    ['of control groups, which are told again', dropped('0x11'), false],
    ['of a file', dropped('0x12'), true],
    ['of a group or a file', dropped('0x13'), true],
    ['of what is watched no longer', dropped('0x14'), true],
    ['of a descriptor that is not in the image', dropped('0x15'), true],
    ['of several, one of them a file', dropped('0x11', '0x12'), true],
  ])('%s', (_, log, isLost) => {
    expect(hasLostEvents(log, files, BigInt(groups))).toBe(isLost);
    // Where there are no groups of version 2, nothing is told again.
    expect(hasLostEvents(log, files, undefined)).toBe(log !== '');
  });

  it('the device of the groups is found among the mounts, and written as the kernel does', () => {
    const mounts = [
      '23 29 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw',
      '30 23 1:300 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate',
      '31 23 0:33 / /sys/fs/cgroup/cgroup2 rw - cgroup none rw,freezer',
    ];
    expect(findGroupDevice(mounts.join('\n'))).toBe(0x10012cn);
    expect(findGroupDevice(mounts.toSpliced(1, 1).join('\n'))).toBeUndefined();
  });
});
