import { describe, expect, it } from 'vitest';
import { principalOf } from '../operation-test-bed.ts';
import { realmsOfChanged, realmsOfNew } from './realm-membership.ts';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(24)) as [string, string, string];

const userId = '1'.repeat(24);
const JWT = principalOf({ userId });
const token = (tokenRealmIds: readonly string[]) => principalOf({ userId, tokenRealmIds });

describe('realms of a new resource', () => {
  it.each([
    ['a JWT on the base host: what was asked for', JWT, null, [B], [B]],
    ['a JWT on the base host that asks for none: none', JWT, null, undefined, []],
    ['a JWT on a realm host: the realm as well', JWT, A, [B], [B, A]],
    ['a JWT on a realm host that names it: once', JWT, A, [A], [A]],
    ['repeated realms: once', JWT, null, [B, B], [B]],
    ['an unrestricted token: as a JWT', token([]), A, [B], [B, A]],
    ['a realm-bound token: the active realm alone', token([A, B]), A, [B, C], [A]],
    ['a realm-bound token that asks for nothing: the active realm', token([A]), A, undefined, [A]],
  ])('%s', (_, principal, active, requested, expected) => {
    expect(realmsOfNew(principal, active, requested)).toStrictEqual({ ok: true, value: expected });
  });

  it('never get more than the bound, the active one included', () => {
    const many = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(24, '0'));
    expect(realmsOfNew(JWT, null, many).ok).toBe(true);
    expect(realmsOfNew(JWT, A, many)).toMatchObject({ ok: false, error: { code: 'VALIDATION_ERROR' } });
  });

  it('are nothing that a realm-bound token could decide on the base host', () => {
    expect(() => realmsOfNew(token([A]), null, [])).toThrow('realm rule');
  });
});

describe('realms of a changed resource', () => {
  it.each([
    ['nothing asked: nothing changes', JWT, A, undefined, [A], undefined],
    ['the same asked: nothing changes', JWT, null, [B, A], [A, B], undefined],
    ['a JWT on the base host may take a realm away', JWT, null, [B], [A, B], [B]],
    ['a JWT on a realm host keeps the realm', JWT, A, [B], [A], [B, A]],
    ['a realm-bound token may repeat what is', token([A]), A, [A, B], [A, B], undefined],
  ])('%s', (_, principal, active, requested, present, expected) => {
    expect(realmsOfChanged(principal, active, requested, present)).toStrictEqual({
      ok: true,
      value: expected,
    });
  });

  it.each([
    ['add', [A, B], [A]],
    ['take away', [A], [A, B]],
    ['empty', [], [A, B]],
  ])('a realm-bound token can not %s', (_, requested, present) => {
    const outcome = realmsOfChanged(token([A]), A, requested, present);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_PERMISSIONS' } });
  });
});
