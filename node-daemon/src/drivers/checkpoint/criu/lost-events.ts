import { parseCgroupMounts } from '../../container/cgroups/detect.ts';
import { readFields, readMessages } from './image-messages.ts';

/** What CRIU says of events in the queue of an inotify descriptor, which it can't read without taking them away. */
const droppedEvents = /The (0x[0-9a-f]+) inotify events will be dropped/g;
/** Field numbers in CRIU's fdinfo.proto and fsnotify.proto. */
const inotifyOfFile = 13;
const [idOfInotify, watchOfInotify, deviceOfWatch] = [1, 5, 5];
/** Bits of the minor number in the kernel's own form of a device number. */
const minorBits = 20n;

/**
 * Whether a dump lacks news of watched files that nobody will tell again, as its log and its image of open files
 * (files.img) say. News of control groups are no loss where it is version 2 that makes the machine stand still: that is
 * news itself, and when the machine goes on the kernel tells anew of each group, whereupon systemd looks at what became
 * of it. `groups`: the device of their file system, from {@link findGroupDevice}; undefined where it is not so.
 */
export function hasLostEvents(log: string, image: Buffer, groups: bigint | undefined): boolean {
  const dropped = new Set([...log.matchAll(droppedEvents)].map(([, id]) => BigInt(id ?? '')));
  if (dropped.size === 0) return false;
  const devices = readWatchedDevices(image);
  return [...dropped].some((id) => {
    const watched = devices.get(id) ?? [];
    return watched.length === 0 || watched.some((device) => device !== groups);
  });
}

/** The device of version 2's groups, in the kernel's own form; undefined where `mountInfo` has none. */
export function findGroupDevice(mountInfo: string): bigint | undefined {
  const mount = parseCgroupMounts(mountInfo).find(({ version }) => version === 2);
  if (mount === undefined) return undefined;
  const [major = 0n, minor = 0n] = mount.device.split(':').map(BigInt);
  return (major << minorBits) | minor;
}

/** By the numbers of inotify descriptors, the devices of what they watch, one for each watch. */
function readWatchedDevices(image: Buffer): Map<bigint, bigint[]> {
  const found = new Map<bigint, bigint[]>();
  for (const { number, value } of readMessages(image).flatMap(readFields)) {
    if (number !== inotifyOfFile || typeof value === 'bigint') continue;
    const fields = readFields(value);
    const id = fields.find((field) => field.number === idOfInotify)?.value;
    if (typeof id !== 'bigint') continue;
    const watches = fields.filter((field) => field.number === watchOfInotify);
    found.set(
      id,
      watches.map((watch) => deviceOf(watch.value)),
    );
  }
  return found;
}

function deviceOf(watch: bigint | Buffer): bigint {
  const fields = typeof watch === 'bigint' ? [] : readFields(watch);
  const device = fields.find(({ number }) => number === deviceOfWatch)?.value;
  if (typeof device !== 'bigint') throw new Error('The image has a watch of nothing.');
  return device;
}
