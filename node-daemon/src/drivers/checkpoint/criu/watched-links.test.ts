import { describe, expect, it } from 'vitest';
import { field, image, imageHeader, message } from '../../../testing/criu-images.ts';
import { bindHandles } from './watched-links.ts';

/** 300 as a number of two bytes: the message grows by one. */
const threeHundred = Buffer.from([3 << 3, 0xac, 0x02]);
const handle = (type: number, words: Buffer[], path?: string): Buffer =>
  message(
    field(1, 20),
    field(2, type),
    ...words,
    ...(path === undefined ? [] : [field(4, Buffer.from(path))]),
  );
const words = (subvolume: Buffer): Buffer[] => [field(3, 9), subvolume, field(3, 7), field(3, 0)];
const inotify = (...handles: Buffer[]): Buffer => {
  const watches = handles.map((each, index) =>
    field(5, message(field(1, 1), field(6, index), field(7, each))),
  );
  return message(field(1, 8), field(2, 1), field(13, message(field(1, 1), ...watches)));
};
const regular = message(field(1, 1), field(2, 2), field(3, Buffer.from('anything but a watch')));

describe('a watch that is held by a handle of btrfs', () => {
  it('is bound to the subvolume of the restored disk; everything else stays as it was', () => {
    const path = handle(0x4d, words(field(3, 5)), '/etc');
    const other = handle(0x01, words(field(3, 5)));
    const held = image(regular, inotify(path, handle(0x4d, words(field(3, 5))), other), regular);
    const bound = image(regular, inotify(path, handle(0x4d, words(threeHundred)), other), regular);
    const first = bindHandles(held, 300n);
    expect(first.bound.toString('hex')).toBe(bound.toString('hex'));
    expect(first.links).toEqual([9n]);
    expect(bindHandles(bound, 300n)).toEqual({ bound, links: [9n] });
  });

  it('leaves an image without such watches byte for byte', () => {
    const held = image(regular, inotify(handle(0x4d, words(field(3, 5)), '/run')));
    expect(bindHandles(held, 300n)).toEqual({ bound: held, links: [] });
  });

  it('is not looked for in an image that was cut off', () => {
    const held = image(regular, inotify(handle(0x4d, words(field(3, 5)))));
    for (let length = imageHeader.length + 1; length < held.length; length += 1) {
      const isWhole = length === imageHeader.length + 4 + regular.length;
      if (!isWhole) expect(() => bindHandles(held.subarray(0, length), 300n)).toThrow();
    }
  });
});
