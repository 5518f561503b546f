import { describe, expect, it } from 'vitest';
import { DAY_MS, dueStep, extendedEnd, GRACE_MS, remainingDays, usedDays } from './term.ts';

const term = { startMs: 0, endMs: 30 * DAY_MS, holdDays: 7 };
const active = { status: 'active', warnedMs: null } as const;
const expired = { status: 'expired', warnedMs: null } as const;

describe('the step that is due', () => {
  it.each([
    ['long before the end', active, 22 * DAY_MS, null],
    ['a week before', active, 23 * DAY_MS, { kind: 'warn', warningMs: 7 * DAY_MS }],
    ['a week before, told already', { ...active, warnedMs: 7 * DAY_MS }, 24 * DAY_MS, null],
    [
      'three days before',
      { ...active, warnedMs: 7 * DAY_MS },
      27 * DAY_MS,
      { kind: 'warn', warningMs: 3 * DAY_MS },
    ],
    ['a day before, when nobody looked earlier', active, 29 * DAY_MS, { kind: 'warn', warningMs: DAY_MS }],
    ['a day before, told already', { ...active, warnedMs: DAY_MS }, 29 * DAY_MS, null],
    ['the moment of the end', active, 30 * DAY_MS, { kind: 'expire' }],
    ['long after, when nobody looked', active, 99 * DAY_MS, { kind: 'expire' }],
    ['within the hold', expired, 37 * DAY_MS - 1, null],
    ['after the hold', expired, 37 * DAY_MS, { kind: 'release' }],
  ] as const)('%s', (_, state, nowMs, step) => {
    expect(dueStep(term, state, nowMs)).toEqual(step);
  });

  it('warns of no end that was near from the beginning', () => {
    const short = { startMs: 0, endMs: DAY_MS, holdDays: 7 };
    expect(dueStep(short, active, 1)).toBeNull();
    expect(dueStep({ ...short, endMs: 2 * DAY_MS }, active, DAY_MS)).toEqual({
      kind: 'warn',
      warningMs: DAY_MS,
    });
  });

  it('lets nothing go before the grace is over, however short the hold', () => {
    const strict = { ...term, holdDays: 0 };
    expect(dueStep(strict, expired, term.endMs + GRACE_MS - 1)).toBeNull();
    expect(dueStep(strict, expired, term.endMs + GRACE_MS)).toEqual({ kind: 'release' });
  });
});

describe('days', () => {
  it('adds a term to what is left, and begins at once when nothing is', () => {
    expect(extendedEnd(term, 10, 5 * DAY_MS)).toBe(40 * DAY_MS);
    expect(extendedEnd(term, 10, 35 * DAY_MS)).toBe(45 * DAY_MS);
  });
  it.each([
    [0, 30, 0],
    [1, 30, 0],
    [29.5 * DAY_MS, 1, 29],
    [30 * DAY_MS, 0, 30],
    [99 * DAY_MS, 0, 30],
  ])('at %d leaves %d and has used %d', (nowMs, left, used) => {
    expect(remainingDays(term, nowMs)).toBe(left);
    expect(usedDays(term, nowMs)).toBe(used);
  });
});
