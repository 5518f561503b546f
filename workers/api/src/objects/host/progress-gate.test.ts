import { describe, expect, it } from 'vitest';
import { ProgressGate } from './progress-gate.ts';

describe('the words of a host about a running operation', () => {
  it('are handed on twice a second, and not at all when it is over sooner', () => {
    const gate = new ProgressGate();
    const open = [0, 100, 499, 500, 900, 1000, 1700].map((now) => gate.isOpen('a', now));
    expect(open).toEqual([false, false, false, true, false, true, true]);
    expect(gate.isOpen('b', 1700)).toBe(false);
    gate.close('a');
    expect(gate.isOpen('a', 9000)).toBe(false);
  });

  it('take no more room than a bound', () => {
    const gate = new ProgressGate();
    for (let each = 0; each <= 1000; each += 1) gate.isOpen(String(each), 0);
    expect(gate.isOpen('1000', 500)).toBe(true);
    expect(gate.isOpen('0', 500)).toBe(false);
  });
});
