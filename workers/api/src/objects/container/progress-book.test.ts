import type { RunningOperation } from '@control-plane/lifecycle';
import { describe, expect, it } from 'vitest';
import { ProgressBook } from './progress-book.ts';

const PROGRESS = {
  step: 'receive',
  stepIndex: 1,
  stepCount: 3,
  bytesDone: 10,
  bytesTotal: 100,
  bytesPerSecond: 5,
  remainingMs: 18_000,
};

describe('progress', () => {
  it('is that of the operation that told it last', () => {
    const book = new ProgressBook();
    expect(book.of('a')).toBeNull();
    book.note('a', PROGRESS);
    expect(book.of('a')).toEqual(PROGRESS);
    book.note('b', { ...PROGRESS, bytesDone: 20 });
    expect(book.of('a')).toBeNull();
    expect(book.of('b')?.bytesDone).toBe(20);
  });

  it('becomes an event at most once in ten seconds, and never of a short operation', () => {
    const book = new ProgressBook();
    const operation = { startedAtMs: 1000 } as RunningOperation;
    const due = [1000, 10_999, 11_000, 11_500, 20_999, 21_000].map((now) => book.isEventDue(operation, now));
    expect(due).toEqual([false, false, true, false, false, true]);
  });
});
