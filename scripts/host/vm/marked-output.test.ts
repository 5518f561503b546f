import { describe, expect, it } from 'vitest';
import { MarkedOutput } from './marked-output.ts';

describe('the output of a job', () => {
  const whole = 'one\ntwo ü\n\nMARK 7\n';
  const bytes = Buffer.from(whole);

  it.each(Array.from({ length: bytes.length + 1 }, (_, index) => index))(
    'is the same when it is cut after %i bytes, and the status is known at the end',
    (cut) => {
      const output = new MarkedOutput('MARK');
      const first = output.take(bytes.subarray(0, cut));
      expect(cut < bytes.length ? output.status : 7).toBe(cut < bytes.length ? undefined : 7);
      expect(first + output.take(bytes.subarray(cut))).toBe('one\ntwo ü\n');
      expect(output.status).toBe(7);
    },
  );

  it('passes on what only looks like the end', () => {
    const output = new MarkedOutput('MARK');
    const text = '\nMAR\nMARKED\n\n\nMARK';
    const passed = output.take(Buffer.from(text)) + output.take(Buffer.from('et\n\nMARK 0\n'));
    expect(passed).toBe(`${text}et\n`);
    expect(output.status).toBe(0);
  });
});
