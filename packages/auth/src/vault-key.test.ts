import { describe, expect, it } from 'vitest';
import { mark, parseVaultKey, seal, unseal } from './vault-key.ts';

const KEY = '0f'.repeat(32);
const iv = () => crypto.getRandomValues(new Uint8Array(12));

describe('the vault key', () => {
  it.each(['', 'abc', 'g'.repeat(64), '0f'.repeat(33)])(
    'is refused as %j, without being told',
    async (text) => {
      await expect(parseVaultKey(text)).rejects.toThrow(/^ENCRYPTION_KEY is not 64 hex digits$/);
    },
  );

  it('opens what it sealed, for the same place only, and each seal differs', async () => {
    const key = await parseVaultKey(KEY);
    const sealed = await seal(key, 'a', 'the secret', iv());
    expect(await unseal(key, 'a', sealed)).toBe('the secret');
    expect(sealed).not.toContain('secret');
    expect(await seal(key, 'a', 'the secret', iv())).not.toBe(sealed);
    await expect(unseal(key, 'b', sealed)).rejects.toThrow(/does not open/);
    await expect(unseal(await parseVaultKey('1e'.repeat(32)), 'a', sealed)).rejects.toThrow(/does not open/);
  });

  it('opens nothing that was changed, whichever byte', async () => {
    const key = await parseVaultKey(KEY);
    const [version, vector = '', text = ''] = (await seal(key, 'a', 'x', iv())).split('.');
    const bytes = Buffer.from(text, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const forged = `${version}.${vector}.${changed.toString('base64url')}`;
      await expect(unseal(key, 'a', forged)).rejects.toThrow(/does not open/);
    }
    for (const broken of ['', 'v1', 'v1..', `v2.${vector}.${text}`]) {
      await expect(unseal(key, 'a', broken)).rejects.toThrow(Error);
    }
  });

  it('marks the same text of one place alike, and nothing else', async () => {
    const [one, other] = [await parseVaultKey(KEY), await parseVaultKey('1e'.repeat(32))];
    const marks = [mark(one, 'a', 'x'), mark(one, 'b', 'x'), mark(one, 'a', 'y'), mark(other, 'a', 'x')];
    expect(new Set(marks).size).toBe(4);
    expect(mark(one, 'a', 'x')).toBe(marks[0]);
    expect(mark(one, 'a\nb', 'c')).not.toBe(mark(one, 'a', 'b c'));
  });
});
