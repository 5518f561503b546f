import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chargeable, costUnits, microsOfUnits, readMeteringRates } from './usage-charge.ts';
import { addUsage, METERING_SPAN_MS, meteringSpans, NO_USAGE, stretchesOf, usageOf } from './usage.ts';

const HOUR = METERING_SPAN_MS;
const history = [
  { atMs: 100, status: 'creating' },
  { atMs: 200, status: 'running' },
  { atMs: 1200, status: 'paused' },
  { atMs: 1500, status: 'running' },
  { atMs: 1600, status: 'stopped' },
  { atMs: 2000, status: 'running' },
  { atMs: 2100, status: 'failed' },
  { atMs: 2300, status: 'deleting' },
  { atMs: 2400, status: 'deleted' },
];

describe('usage by status', () => {
  it.each([
    ['being made', 0, 200, 0, 0, 0],
    ['running', 200, 1200, 1000, 1000, 1000],
    ['paused: memory is kept', 1200, 1500, 0, 300, 300],
    ['stopped: storage only', 1600, 2000, 0, 0, 400],
    ['failed, being deleted, deleted: nothing', 2100, 9000, 0, 0, 0],
    ['all its life', 0, 9000, 1200, 1500, 1900],
    ['before it was made', 0, 100, 0, 0, 0],
  ])('%s', (_, fromMs, toMs, computeMs, memoryMs, storageMs) => {
    expect(usageOf(history, { fromMs, toMs })).toEqual({ computeMs, memoryMs, storageMs });
  });

  it('counts the later of two changes of one moment', () => {
    const twice = [
      { atMs: 10, status: 'running' },
      { atMs: 10, status: 'stopped' },
    ];
    expect(usageOf(twice, { fromMs: 0, toMs: 20 })).toEqual({ computeMs: 0, memoryMs: 0, storageMs: 10 });
  });

  it('counts no moment twice when a clock was set back', () => {
    const stepped = [
      { atMs: 0, status: 'running' },
      { atMs: 12, status: 'paused' },
      { atMs: 10, status: 'running' },
    ];
    expect(stretchesOf(stepped, { fromMs: 0, toMs: 20 })).toEqual([
      { fromMs: 0, toMs: 12, status: 'running' },
      { fromMs: 12, toMs: 20, status: 'running' },
    ]);
  });
});

const Status = fc.constantFrom('creating', 'running', 'paused', 'stopped', 'failed', 'deleting', 'copying');
const History = fc
  .array(fc.record({ gap: fc.nat(3 * HOUR), status: Status }), { minLength: 1, maxLength: 20 })
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ gap, status }) => {
      atMs += gap;
      return { atMs, status };
    });
  });
const Rates = fc.record({
  computeMicrosPerHour: fc.nat(10_000_000),
  memoryMicrosPerHour: fc.nat(10_000_000),
  storageMicrosPerHour: fc.nat(10_000_000),
});

describe('any history', () => {
  it('is cut without gap or overlap', () => {
    fc.assert(
      fc.property(History, fc.nat(20 * HOUR), fc.nat(20 * HOUR), (changes, left, right) => {
        const span = { fromMs: Math.min(left, right), toMs: Math.max(left, right) };
        const stretches = stretchesOf(changes, span);
        const first = Math.max(span.fromMs, changes[0]?.atMs ?? 0);
        let at = first;
        for (const stretch of stretches) {
          expect(stretch.fromMs).toBe(at);
          expect(stretch.toMs).toBeGreaterThan(stretch.fromMs);
          at = stretch.toMs;
        }
        expect(at).toBe(Math.max(first, stretches.length === 0 ? first : span.toMs));
      }),
    );
  });

  it('costs the same however it is cut, and in whatever order the pieces are summed', () => {
    const Cuts = fc.array(fc.nat(30 * HOUR), { maxLength: 10 });
    fc.assert(
      fc.property(History, Rates, fc.nat(30 * HOUR), Cuts, fc.nat(), (changes, rates, end, cuts, turn) => {
        const whole = { fromMs: 0, toMs: end };
        const edges = [0, ...cuts.filter((cut) => cut < end), end].toSorted((a, b) => a - b);
        const pieces = edges.flatMap((fromMs, index) => {
          const toMs = edges[index + 1];
          return toMs === undefined ? [] : meteringSpans({ fromMs, toMs }, 1000);
        });
        const start = pieces.length === 0 ? 0 : turn % pieces.length;
        const turned = [...pieces.slice(start), ...pieces.slice(0, start)];
        const usages = turned.map((piece) => usageOf(changes, piece));
        expect(usages.reduce(addUsage, NO_USAGE)).toEqual(usageOf(changes, whole));
        const units = usages.reduce((sum, usage) => sum + BigInt(costUnits(usage, rates)), 0n);
        const usage = usageOf(changes, whole);
        const expected =
          BigInt(usage.computeMs) * BigInt(rates.computeMicrosPerHour) +
          BigInt(usage.memoryMs) * BigInt(rates.memoryMicrosPerHour) +
          BigInt(usage.storageMs) * BigInt(rates.storageMicrosPerHour);
        expect(units).toBe(expected);
      }),
    );
  });

  it('is charged in whole cents, and not a unit is lost or charged twice', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { maxLength: 50 }), (parts) => {
        let carried = 0n;
        let cents = 0;
        for (const part of parts) {
          const next = chargeable(carried + part);
          cents += next.cents;
          carried = next.carriedUnits;
        }
        const owed = parts.reduce((sum, part) => sum + part, 0n);
        expect(BigInt(cents) * BigInt(10_000 * HOUR) + carried).toBe(owed);
        expect(carried).toBeLessThan(BigInt(10_000 * HOUR));
      }),
    );
  });
});

describe('spans', () => {
  it('are the hours of the clock, and the ragged ends', () => {
    expect(meteringSpans({ fromMs: HOUR / 2, toMs: 2 * HOUR + 1 }, 10)).toEqual([
      { fromMs: HOUR / 2, toMs: HOUR },
      { fromMs: HOUR, toMs: 2 * HOUR },
      { fromMs: 2 * HOUR, toMs: 2 * HOUR + 1 },
    ]);
    expect(meteringSpans({ fromMs: 5, toMs: 5 }, 10)).toEqual([]);
    expect(meteringSpans({ fromMs: 0, toMs: 100 * HOUR }, 3)).toHaveLength(3);
  });
});

describe('rates', () => {
  const rates = { computeMicrosPerHour: 5000, memoryMicrosPerHour: 2000, storageMicrosPerHour: 100 };
  it('are those of an hour', () => {
    const usage = { computeMs: HOUR, memoryMs: HOUR, storageMs: HOUR };
    expect(microsOfUnits(BigInt(costUnits(usage, rates)))).toBe(7100);
  });
  it.each([
    [null, null],
    [undefined, null],
    [rates, rates],
    [{ ...rates, computeMicrosPerHour: -1 }, 'invalid'],
    [{ ...rates, memoryMicrosPerHour: 0.5 }, 'invalid'],
    [{ ...rates, storageMicrosPerHour: 10_000_001 }, 'invalid'],
    [{ computeMicrosPerHour: 1 }, 'invalid'],
    ['5', 'invalid'],
  ])('%j are read as %j', (stored, expected) => {
    expect(readMeteringRates(stored)).toEqual(expected);
  });
});
