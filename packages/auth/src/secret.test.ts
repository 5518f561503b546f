import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTokenAlias, usernameFromEmail } from './names.ts';
import { newObjectId, randomBelow, secureRandom } from './random.ts';
import { equalSecrets, hashSecret, newAuthToken, newMailToken, tokenIdOf } from './secret.ts';

describe('auth tokens', () => {
  it('carry their row id and 192 random bits, and only their hash is to be kept', () => {
    const token = newAuthToken({ random: secureRandom });
    expect(token.text).toMatch(/^hdy_[0-9a-f]{24}_[0-9a-f]{48}$/);
    expect(tokenIdOf(token.text)).toBe(token.id);
    expect(token.hash).toBe(hashSecret(token.text));
    const fixed = newAuthToken({ random: secureRandom, id: 'a'.repeat(24) });
    expect(tokenIdOf(fixed.text)).toBe('a'.repeat(24));
    expect(newAuthToken({ random: secureRandom, id: fixed.id }).text).not.toBe(fixed.text);
  });

  it('are hashed with SHA-256 (FIPS 180-4 example "abc")', () => {
    expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('compare equal exactly when they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        expect(equalSecrets(left, left)).toBe(true);
        expect(equalSecrets(left, right)).toBe(Buffer.from(left).equals(Buffer.from(right)));
      }),
    );
  });
});

describe('what randomness makes', () => {
  it('has the forms that the contract asks for', () => {
    expect(newObjectId(secureRandom)).toMatch(/^[0-9a-f]{24}$/);
    expect(newMailToken(secureRandom).text).toMatch(/^[0-9a-f]{64}$/);
    for (let draw = 0; draw < 100; draw += 1) {
      expect(randomTokenAlias(secureRandom)).toMatch(/^[a-z]+-[a-z]+-[0-9a-f]{4}$/);
    }
  });

  it('stays below its bound and meets every value', () => {
    const seen = new Set(Array.from({ length: 2000 }, () => randomBelow(secureRandom, 7)));
    expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it.each([
    ['ann@example.com', /^ann-[0-9a-f]{4}$/],
    ['Ann.Lee+test@example.com', /^Ann-Lee-test-[0-9a-f]{4}$/],
    ['"weird local"@example.com', /^weird-local-[0-9a-f]{4}$/],
    ['имя@example.com', /^user-[0-9a-f]{4}$/],
    ['...@example.com', /^user-[0-9a-f]{4}$/],
    [`${'x'.repeat(64)}@example.com`, /^x{45}-[0-9a-f]{4}$/],
  ])('names the account of %s', (email, pattern) => {
    expect(usernameFromEmail(email, secureRandom)).toMatch(pattern);
  });

  it('makes a valid username of any address', () => {
    fc.assert(
      fc.property(fc.string(), (email) => {
        expect(usernameFromEmail(email, secureRandom)).toMatch(/^[a-zA-Z0-9_-]{3,50}$/);
      }),
    );
  });
});
