import { describe, expect, it } from 'vitest';
import { secureRandom } from './random.ts';
import { newTotpSecret, totpCodeAt, totpStepOf, totpUri } from './totp.ts';

/** RFC 6238 appendix B: the ASCII key "12345678901234567890", here in base32. */
const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const STEP_MS = 30_000;

describe('TOTP', () => {
  // The last six of the eight digits that the RFC lists for SHA-1.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('gives the code of RFC 6238 at %d s', (seconds, code) => {
    expect(totpCodeAt(RFC_SECRET, seconds * 1000)).toBe(code);
    expect(totpStepOf(RFC_SECRET, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  it('takes the code of one step before and after, and names the step that it belongs to', () => {
    const secret = newTotpSecret(secureRandom);
    const now = 1_700_000_000_000;
    const step = Math.floor(now / STEP_MS);
    for (const drift of [-1, 0, 1]) {
      expect(totpStepOf(secret, totpCodeAt(secret, now + drift * STEP_MS), now)).toBe(step + drift);
    }
    const near = [-1, 0, 1].map((drift) => totpCodeAt(secret, now + drift * STEP_MS));
    for (const drift of [-3, -2, 2, 3]) {
      const code = totpCodeAt(secret, now + drift * STEP_MS);
      if (!near.includes(code)) expect(totpStepOf(secret, code, now)).toBeNull();
    }
  });

  it.each(['', '12345', '1234567', 'abcdef', '12 345', '１２３４５６', '-12345'])('refuses %j', (code) => {
    expect(totpStepOf(RFC_SECRET, code, 59_000)).toBeNull();
  });

  it('makes secrets of 160 bits that differ', () => {
    const secrets = Array.from({ length: 50 }, () => newTotpSecret(secureRandom));
    expect(new Set(secrets).size).toBe(50);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  });

  it('writes the URI that apps read, whatever the label holds', () => {
    const uri = new URL(totpUri(RFC_SECRET, 'api.example.com', 'ann+x@example.test'));
    expect(uri.protocol).toBe('otpauth:');
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'api.example.com',
      secret: RFC_SECRET,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    expect(decodeURIComponent(uri.pathname)).toContain('ann+x@example.test');
  });
});
