import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secureRandom } from './random.ts';
import { newUserCode, normalizeUserCode } from './user-code.ts';

const FORM = /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/;

describe('a user code', () => {
  it('has eight consonants, all of them in use, and is new each time', () => {
    const codes = Array.from({ length: 500 }, () => newUserCode(secureRandom));
    expect(codes.filter((code) => !FORM.test(code))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(20);
  });

  it.each(['bcdf-ghjk', 'BCDFGHJK', ' bcdf ghjk ', 'BCDF–GHJK', 'b-c-d-f-g-h-j-k'])(
    'is read as it is meant: %s',
    (typed) => {
      expect(normalizeUserCode(typed)).toBe('BCDF-GHJK');
    },
  );

  it.each([
    '',
    '-',
    'BCDF-GHJ',
    'BCDF-GHJKL',
    'ABCD-EFGH',
    '1CDF-GHJK',
    'BCDF_GHJK',
    'ВCDF-GHJK',
    'ﬀ-bcdfghj',
  ])('is not guessed at: "%s"', (typed) => {
    expect(normalizeUserCode(typed)).toBeNull();
  });

  it('is found in any spelling of itself, and in no other text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (typed) => {
        const read = normalizeUserCode(typed);
        expect(read === null || FORM.test(read)).toBe(true);
        if (read !== null) expect(normalizeUserCode(read)).toBe(read);
      }),
    );
  });
});
