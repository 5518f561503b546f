import { scrypt, scryptSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { checkPasswordPolicy } from './password-policy.ts';
import { hashPassword, needsRehash, verifyPassword } from './password.ts';
import { secureRandom } from './random.ts';

vi.mock(import('node:crypto'), { spy: true });

describe('password hashes', () => {
  it('verify the password and no other, and differ by salt', async () => {
    const one = await hashPassword('Correct horse 1', secureRandom);
    const two = await hashPassword('Correct horse 1', secureRandom);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^scrypt\$16384\$8\$1\$[0-9a-f]{32}\$[0-9a-f]{64}$/);
    expect(await verifyPassword('Correct horse 1', one)).toBe(true);
    expect(await verifyPassword('correct horse 1', one)).toBe(false);
    expect(needsRehash(one)).toBe(false);
  });

  it('take the same password in either Unicode composition', async () => {
    const stored = await hashPassword('Gr\u00fc\u00dfe an alle 1', secureRandom);
    expect(await verifyPassword('Gru\u0308\u00dfe an alle 1', stored)).toBe(true);
  });

  it('verify under their own older parameters and ask to be renewed', async () => {
    const key = scryptSync('password', 'NaClNaCl', 64, { cost: 1024, blockSize: 8, parallelization: 16 });
    const stored = `scrypt$1024$8$16$${Buffer.from('NaClNaCl').toString('hex')}$${key.toString('hex')}`;
    expect(await verifyPassword('password', stored)).toBe(true);
    expect(await verifyPassword('passwort', stored)).toBe(false);
    expect(needsRehash(stored)).toBe(true);
  });

  it.each([
    ['no account', null],
    ['an empty column', ''],
    ['a hash of another kind', '$2b$10$abcdefghijklmnopqrstuv'],
    ['a cost that is no power of two', `scrypt$3$8$1$${'00'.repeat(16)}$${'00'.repeat(32)}`],
    ['a cost that no worker could pay', `scrypt$8388608$8$1$${'00'.repeat(16)}$${'00'.repeat(32)}`],
  ])('are never verified against %s, at the cost of a real one', async (_name, stored) => {
    vi.mocked(scrypt).mockClear();
    expect(await verifyPassword('x', stored)).toBe(false);
    expect(vi.mocked(scrypt).mock.calls.map((call): unknown => call[3])).toEqual([
      expect.objectContaining({ cost: 16384, blockSize: 8, parallelization: 1 }),
    ]);
  });
});

describe('checkPasswordPolicy', () => {
  it.each(['Abcdefghijk1', 'abcdefghij1!', 'ABCDEFGHIJ1!', 'abcdefghijK!', `Aa1${'x'.repeat(125)}`])(
    'takes %s',
    (password) => {
      expect(checkPasswordPolicy(password)).toEqual({ ok: true, value: undefined });
    },
  );
  it.each([
    'Abcdefghij1',
    'abcdefghijklm',
    'abcdefghijk1',
    'ABCDEFGHIJK1',
    '123456789012',
    `Aa1${'x'.repeat(126)}`,
  ])('refuses %s', (password) => {
    expect(checkPasswordPolicy(password)).toMatchObject({ ok: false, error: { code: 'VALIDATION_ERROR' } });
  });
});
