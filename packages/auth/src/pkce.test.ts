import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeChallengeOf, providerVerifier, provesChallenge } from './pkce.ts';

describe('PKCE', () => {
  it('makes the challenge of RFC 7636 appendix B', () => {
    expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });

  it('is proven by its own verifier only', () => {
    const verifier = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~'), minLength: 43, maxLength: 128 });
    fc.assert(
      fc.property(verifier, verifier, (own, other) => {
        const challenge = codeChallengeOf(own);
        expect(challenge).toMatch(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
        expect(provesChallenge(challenge, own)).toBe(true);
        expect(provesChallenge(challenge, other)).toBe(own === other);
        expect(provesChallenge(challenge, challenge)).toBe(false);
      }),
    );
  });

  it('is not proven by nothing', () => {
    expect(provesChallenge('', '')).toBe(false);
    expect(provesChallenge(codeChallengeOf('x'), '')).toBe(false);
  });
});

describe('the verifier towards a provider', () => {
  it('differs with the browser and with the state, and has the form of a verifier', () => {
    const one = providerVerifier('a'.repeat(64), 'b'.repeat(64));
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(providerVerifier('a'.repeat(64), 'b'.repeat(64))).toBe(one);
    expect(providerVerifier('c'.repeat(64), 'b'.repeat(64))).not.toBe(one);
    expect(providerVerifier('a'.repeat(64), 'c'.repeat(64))).not.toBe(one);
  });
});
