import { expect, it } from 'vitest';
import { describeError, traceOf } from './log.ts';

/** As drizzle words it. */
const failed = new Error('Failed query: select ?\nparams: hunter2\nparams: more of hunter2', {
  cause: new Error('SQLITE_BUSY: database is locked'),
});

it('tells what failed and why, but none of the values of a query', () => {
  expect(describeError(failed)).toBe('Error: Failed query: select ? <- SQLITE_BUSY: database is locked');
  expect(describeError(new Error('webhook failed', { cause: failed }))).not.toContain('hunter2');
});

it('tells where it happened, without the message', () => {
  expect(traceOf(failed)).toMatch(/^\s+at .*log\.test\.ts/);
  expect(traceOf(failed)).not.toContain('hunter2');
  expect(traceOf('a text')).toBeUndefined();
});

it('shows what is no error as it is', () => {
  expect(describeError('gone')).toBe('gone');
});
