import { expect, it } from 'vitest';
import { centsOfMicros, formatUsd, microsOfCents } from './money.ts';

it('prints dollars exactly, with fractions of a cent where there are some', () => {
  expect([0, 10_000, 12_500_000, 1, 123_450, -5_000_000, 999_999_999_999_999].map(formatUsd)).toEqual([
    '0.00',
    '0.01',
    '12.50',
    '0.000001',
    '0.12345',
    '-5.00',
    '999999999.999999',
  ]);
});

it('never rounds: fractions of a cent are no cents, fractions of a micro-dollar are nothing', () => {
  expect(centsOfMicros(microsOfCents(1234))).toBe(1234);
  expect(centsOfMicros(-0)).toBe(0);
  expect(() => centsOfMicros(10_001)).toThrow('no whole cents');
  expect(() => microsOfCents(0.5)).toThrow('no whole number');
  expect(() => formatUsd(0.5)).toThrow('no whole number');
  expect(() => formatUsd(Number.NaN)).toThrow('no whole number');
});
