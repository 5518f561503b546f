import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, microsOfCents } from './money.ts';
import { parseUsdAmount } from './parse-amount.ts';

const LIMITS = { minCents: 1, maxCents: 100_000_000 };
const read = (text: string) => parseUsdAmount(text, LIMITS);
const refusal = (text: string): string => {
  const parsed = read(text);
  return parsed.ok ? `accepted as ${parsed.cents}` : parsed.refusal;
};

describe('an amount', () => {
  it.each([
    ['1', 100],
    ['0.01', 1],
    ['0.1', 10],
    ['12.50', 1250],
    ['1000000', 100_000_000],
  ])('%s is read exactly', (text, cents) => {
    expect(read(text)).toEqual({ ok: true, cents });
  });

  it.each([
    [
      'AMOUNT_INVALID',
      [
        '',
        '.',
        '1.',
        '.5',
        '01',
        '00',
        '1,000',
        '1_000',
        '0x10',
        ' 1',
        '1 ',
        '1\n',
        'one',
        'NaN',
        'Infinity',
        '1/2',
        '1.2.3',
      ],
    ],
    ['AMOUNT_SIGNED', ['+1', '-1', '--1', '-0', '+1.50']],
    ['AMOUNT_EXPONENT', ['1e3', '1E3', '1.5e+2', '2e-1']],
    ['AMOUNT_TOO_PRECISE', ['1.001', '0.000', '5.123456789']],
    ['AMOUNT_NON_ASCII', ['١٢', '१२', '１２', '1٫5', '1\u00a0000', '1\u200b', '𝟙']],
    ['AMOUNT_CURRENCY_UNSUPPORTED', ['$1', '1$', '1 EUR', 'EUR 1', '1.50USD', '€5', '5€', '£1', '¥1']],
    ['AMOUNT_TOO_SMALL', ['0', '0.0', '0.00']],
    ['AMOUNT_TOO_LARGE', ['1000000.01', '9999999999999', '9'.repeat(60)]],
  ])('is refused as %s', (code, texts) => {
    expect(texts.map((text) => [text, refusal(text)])).toEqual(texts.map((text) => [text, code]));
  });

  it('that is printed is read back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: LIMITS.minCents, max: LIMITS.maxCents }), (cents) => {
        expect(read(formatUsd(microsOfCents(cents)))).toEqual({ ok: true, cents });
      }),
    );
  });

  it('is whole cents within the limits, or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = read(text);
        if (!parsed.ok) return;
        expect(Number.isSafeInteger(parsed.cents)).toBe(true);
        expect(parsed.cents).toBe(Math.round(Number(text) * 100));
      }),
      { numRuns: 200 },
    );
  });
});
