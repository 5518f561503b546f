import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, parseExpiry } from './expiry.ts';

const NOW = Date.parse('2026-06-15T10:30:00.000Z');

describe('parseExpiry', () => {
  it.each([
    [null, null],
    [undefined, null],
    ['today', '2026-06-16T00:00:00.000Z'],
    ['tomorrow', '2026-06-16T10:30:00.000Z'],
    ['2027-01-01', '2027-01-01T00:00:00.000Z'],
    ['2027-01-01T00:00:00Z', '2027-01-01T00:00:00.000Z'],
    ['2027-01-01T00:00:00.123456Z', '2027-01-01T00:00:00.123Z'],
    ['2027-01-01T02:00:00+02:00', '2027-01-01T00:00:00.000Z'],
    ['2027-01-01 00:00', '2027-01-01T00:00:00.000Z'],
    [1_893_456_000, '2030-01-01T00:00:00.000Z'],
    [1_893_456_000_000, '2030-01-01T00:00:00.000Z'],
    ['1893456000', '2030-01-01T00:00:00.000Z'],
  ])('reads %s as %s', (input, expected) => {
    const value = expected === null ? null : Date.parse(expected);
    expect(parseExpiry(input, NOW)).toEqual({ ok: true, value });
  });

  it.each([
    '',
    'never',
    'Today',
    '2027-13-01',
    '2027-02-31',
    '2027-01-01T25:00Z',
    'Jan 1 2027',
    -1,
    NaN,
    Infinity,
    1e18,
  ])('refuses %s as no time', (input) => {
    expect(parseExpiry(input, NOW)).toMatchObject({
      ok: false,
      error: { code: 'INVALID_EXPIRATION_FORMAT' },
    });
  });

  it.each(['2020-01-01', 0, 1, NOW, new Date(NOW).toISOString()])('refuses %s as past', (input) => {
    expect(parseExpiry(input, NOW)).toMatchObject({ ok: false, error: { code: 'EXPIRATION_IN_PAST' } });
  });

  it('lets "today" end within a day, at a midnight', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (now) => {
        const expiry = parseExpiry('today', now);
        if (!expiry.ok || expiry.value === null) throw new Error('refused');
        expect(expiry.value % DAY_MS).toBe(0);
        expect(expiry.value - now).toBeGreaterThan(0);
        expect(expiry.value - now).toBeLessThanOrEqual(DAY_MS);
      }),
    );
  });
});
