import { describe, expect, it } from 'vitest';
import { field, image, message } from '../../../testing/criu-images.ts';
import { armPeriodicTimers } from './periodic-timers.ts';

type Times = { ticks: number; value: [number, number]; interval: [number, number] };

const descriptor = ({ ticks, value, interval }: Times): Buffer => {
  const owner = field(3, message(field(1, 0), field(2, 0)));
  const times = [...value, ...interval].map((time, index) => field(7 + index, time));
  const timer = message(field(1, 8), field(2, 2), owner, field(4, 1), field(5, ticks), field(6, 0), ...times);
  return message(field(1, 12), field(2, 8), field(12, timer));
};
const regular = message(field(1, 1), field(2, 2), field(3, Buffer.from('anything but a timer')));
const fired: Times = { ticks: 3, value: [0, 0], interval: [2, 50] };

describe('a timerfd in CRIU’s image', () => {
  it('that had fired and not been read fires again after its interval, and keeps what it has to tell', () => {
    const held = image(regular, descriptor(fired), regular);
    const armed = image(regular, descriptor({ ...fired, value: [2, 50] }), regular);
    expect(armPeriodicTimers(held).toString('hex')).toBe(armed.toString('hex'));
    expect(armPeriodicTimers(armed).equals(armed)).toBe(true);
  });

  it.each<[string, Times]>([
    ['is still to fire', { ...fired, value: [0, 7] }],
    ['fires in whole seconds', { ...fired, value: [7, 0] }],
    ['fired once and for all', { ...fired, interval: [0, 0] }],
    ['was turned off', { ...fired, ticks: 0 }],
  ])('that %s stays as it was', (_, times) => {
    const held = image(descriptor(times), regular);
    expect(armPeriodicTimers(held).toString('hex')).toBe(held.toString('hex'));
  });

  it('is not looked for in an image that was cut off', () => {
    const held = image(descriptor(fired));
    expect(() => armPeriodicTimers(held.subarray(0, -1))).toThrow('ends in the middle');
  });
});
