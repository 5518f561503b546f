import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteExtension, quoteRent, ruleFor } from './quote.ts';

const PRICES = { 1: 100, 7: 500, 30: 1500 };
const rent = (more: Partial<Parameters<typeof quoteRent>[0]> = {}) =>
  quoteRent({ prices: PRICES, setupFeeCents: 0, days: 7, maxChargeCents: 500, ...more });
const codeOf = (quote: ReturnType<typeof quoteRent>) => (quote.ok ? 'ok' : quote.refusal.code);

describe('a first term', () => {
  it.each([
    ['a priced tier under its ceiling', {}, 'ok'],
    ['a days that no tier has', { days: 8 }, 'INVALID_DURATION'],
    ['no ceiling', { maxChargeCents: undefined }, 'CHARGE_CONFIRMATION_REQUIRED'],
    [
      'no ceiling, and a setup fee',
      { maxChargeCents: undefined, setupFeeCents: 1 },
      'SETUP_FEE_CONFIRMATION_REQUIRED',
    ],
    ['a ceiling below', { maxChargeCents: 499 }, 'CHARGE_EXCEEDS_MAX'],
    ['a ceiling that the setup fee breaks', { setupFeeCents: 1 }, 'CHARGE_EXCEEDS_MAX'],
    ['a ceiling of nothing', { maxChargeCents: 0 }, 'CHARGE_EXCEEDS_MAX'],
    ['nothing to pay and no ceiling', { prices: { 7: 0 }, maxChargeCents: undefined }, 'ok'],
    ['no prices', { prices: {} }, 'NO_PRICING'],
    ['prices that are missing', { prices: null }, 'NO_PRICING'],
    ['a price with a fraction', { prices: { 7: 1.5 } }, 'PRICING_INVALID'],
    ['a price below nothing', { prices: { 7: -1 } }, 'PRICING_INVALID'],
    ['a price that is a text', { prices: { 7: '500' } }, 'PRICING_INVALID'],
    ['a tier of no days', { prices: { 0: 500 } }, 'PRICING_INVALID'],
    ['a list of prices', { prices: [500] }, 'PRICING_INVALID'],
    ['a setup fee below nothing', { setupFeeCents: -1 }, 'PRICING_INVALID'],
  ])('%s', (_, more, code) => {
    expect(codeOf(rent(more))).toBe(code);
  });

  it('tells what it would cost, and for how long it can be had', () => {
    expect(rent({ setupFeeCents: 250, maxChargeCents: 600 })).toEqual({
      ok: false,
      refusal: {
        code: 'CHARGE_EXCEEDS_MAX',
        charge: { rentalCents: 500, setupFeeCents: 250, totalCents: 750 },
        maxChargeCents: 600,
      },
    });
    expect(rent({ days: 2 })).toMatchObject({ refusal: { availableDays: [1, 7, 30] } });
  });
});

describe('a further term', () => {
  const extend = (more: Partial<Parameters<typeof quoteExtension>[0]> = {}) =>
    quoteExtension({ current: PRICES, frozen: PRICES, days: 7, maxChargeCents: undefined, ...more });
  it.each([
    ['the frozen price, which needs no ceiling', {}, 500],
    ['the frozen price when the price was raised', { current: { 7: 900 } }, 500],
    ['the lower price when it was cut', { current: { 7: 300 } }, 300],
    ['the frozen price when nothing is asked any more', { current: null }, 500],
    ['the frozen price when the prices make no sense', { current: 'x' }, 500],
    ['the price now when none was frozen', { frozen: null, maxChargeCents: 500 }, 500],
  ])('costs %s', (_, more, cents) => {
    expect(extend(more)).toEqual({
      ok: true,
      charge: { rentalCents: cents, setupFeeCents: 0, totalCents: cents },
    });
  });
  it.each([
    ['a ceiling is needed without a frozen price', { frozen: null }, 'CHARGE_CONFIRMATION_REQUIRED'],
    ['a ceiling counts with one as well', { maxChargeCents: 499 }, 'CHARGE_EXCEEDS_MAX'],
    ['neither has the term', { days: 8 }, 'INVALID_DURATION'],
    ['there is no price at all', { current: null, frozen: null }, 'INVALID_DURATION'],
  ])('%s', (_, more, code) => {
    expect(codeOf(extend(more))).toBe(code);
  });
});

it('never charges more than was agreed to', () => {
  const table = fc.dictionary(
    fc.integer({ min: 1, max: 40 }).map(String),
    fc.integer({ min: 0, max: 10_000 }),
  );
  const ceiling = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined });
  fc.assert(
    fc.property(
      table,
      table,
      fc.nat(2000),
      fc.integer({ min: 1, max: 40 }),
      ceiling,
      (current, frozen, setupFeeCents, days, maxChargeCents) => {
        const first = quoteRent({ prices: current, setupFeeCents, days, maxChargeCents });
        if (first.ok) expect(first.charge.totalCents).toBeLessThanOrEqual(maxChargeCents ?? 0);
        const further = quoteExtension({ current, frozen, days, maxChargeCents });
        if (further.ok) {
          const most = Math.min(maxChargeCents ?? Infinity, frozen[days] ?? maxChargeCents ?? 0);
          expect(further.charge.totalCents).toBeLessThanOrEqual(most);
        }
      },
    ),
  );
});

it('finds the rule of the longest term that is reached', () => {
  const rules = { 7: 3, 30: 14 };
  expect([1, 7, 29, 30, 400].map((days) => ruleFor(rules, days, 1))).toEqual([1, 3, 3, 14, 14]);
  expect(ruleFor(null, 30, 7)).toBe(7);
});
