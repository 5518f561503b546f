import { describe, expect, it } from 'vitest';
import { newBackupCodes, readBackupCode } from './backup-codes.ts';
import { secureRandom } from './random.ts';

describe('backup codes', () => {
  it('are ten, differ, and read as they were written', () => {
    const codes = newBackupCodes(secureRandom);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) {
      expect(code).toMatch(/^[2-9a-z]{10}$/);
      expect(readBackupCode(code)).toBe(code);
      expect(readBackupCode(` ${code.slice(0, 5)}-${code.slice(5)} `.toUpperCase())).toBe(code);
    }
  });

  it.each(['', 'abc', '123456', 'abcdefghj', 'abcdefghjkm', 'abcdefghj0', 'abcdefghjl', 'abcdefghj!'])(
    'refuse %j',
    (text) => {
      expect(readBackupCode(text)).toBeNull();
    },
  );
});
