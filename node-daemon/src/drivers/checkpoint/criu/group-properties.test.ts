import { describe, expect, it } from 'vitest';
import { field, image, message } from '../../../testing/criu-images.ts';
import { leaveControllersOut } from './group-properties.ts';

const property = (name: string, value: string): Buffer =>
  field(3, message(field(1, Buffer.from(name)), field(2, Buffer.from(value))));
const directory = (name: string, ...rest: Buffer[]): Buffer =>
  message(field(1, Buffer.from(name)), ...rest, field(4, message(field(1, 7))));
const entry = (...directories: Buffer[]): Buffer =>
  message(
    field(1, message(field(1, 9))),
    field(2, message(field(1, Buffer.from('cpu')), ...directories.map((each) => field(2, each)))),
  );
const control = property('cgroup.subtree_control', 'cpu');
const other = property('pids.max', '9');

describe('the image of control groups', () => {
  it('loses the controllers that were on, at each depth, and nothing else', () => {
    const withThem = directory('a', control, other, field(2, directory('b', other, control)));
    const without = directory('a', other, field(2, directory('b', other)));
    const left = leaveControllersOut(image(entry(withThem, directory('c'))));
    expect(left.toString('hex')).toBe(image(entry(without, directory('c'))).toString('hex'));
    expect(leaveControllersOut(left)).toEqual(left);
  });
});
