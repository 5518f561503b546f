import { expect, it } from 'vitest';
import { centsOfDollars, proportionCents } from './decimal.ts';

it.each([
  [100, 15, 15, 10_000],
  [100, 7.5, 15, 5000],
  [100, 30, 15, 20_000],
  [10, 1, 3, 333],
  ['10.00', '0.000000015', '0.00000003', 500],
  [10, 1.5e-8, 3e-8, 500],
  [0.1, 0.3, 0.1, 30],
  [19.99, 1, 1, 1999],
  [100, 0, 15, 0],
  [100, '0.123456789012345678', '1.23456789012345678', 1000],
])('%s dollars × %s / %s = %i cents, rounded down', (price, part, whole, cents) => {
  expect(proportionCents(price, part, whole)).toBe(cents);
});

it.each([
  [100, 1, 0],
  [-100, 1, 1],
  [100, 'NaN', 1],
  ['1,5', 1, 1],
  ['1e99', 1, 1],
  ['0x10', 1, 1],
  ['٣', 1, 1],
  [1e20, 1, 1],
])('%s × %s / %s is no amount', (price, part, whole) => {
  expect(proportionCents(price, part, whole)).toBeNull();
});

it('dollars are whole cents, rounded down', () => {
  expect(centsOfDollars(49.999)).toBe(4999);
  expect(centsOfDollars('50')).toBe(5000);
});
