import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

describe('the wait before another attempt', () => {
  it('grows from a tenth of a second and never exceeds five seconds', () => {
    expect(backoffMs(0, 0)).toBe(50);
    expect(backoffMs(3, 0.5)).toBe(600);
    fc.assert(
      fc.property(
        fc.nat({ max: 100_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const waitMs = backoffMs(attempt, random);
          expect(waitMs).toBeGreaterThanOrEqual(50);
          expect(waitMs).toBeLessThanOrEqual(5_000);
        },
      ),
    );
  });
});
