import { describe, expect, it } from 'vitest';
import { principalOf } from '../operation-test-bed.ts';
import { realmsOfChanged, realmsOfNew } from './realm-membership.ts';
import { visibleRealms } from './visible-realms.ts';

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
    ['a realm-bound token may repeat what it sees', token([A]), A, [A], [A, B], undefined],
    ['a token of both realms may repeat both', token([A, B]), A, [A, B], [A, B], undefined],
  ])('%s', (_, principal, active, requested, present, expected) => {
    expect(realmsOfChanged(principal, active, requested, present)).toStrictEqual({
      ok: true,
      value: expected,
    });
  });

  it.each([
    ['add', [A, B], [A]],
    ['take away', [A], [A, C]],
    ['empty', [], [A, C]],
  ])('a realm-bound token can not %s', (_, requested, present) => {
    const outcome = realmsOfChanged(token([A, C]), A, requested, present);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_PERMISSIONS' } });
  });

  it('a realm-bound token can not find out by guessing which foreign realm there is', () => {
    const guess = (present: readonly string[]) => realmsOfChanged(token([A]), A, [A, B], present);
    expect(guess([A, B])).toStrictEqual(guess([A]));
    expect(guess([A, B])).toMatchObject({ ok: false });
  });

  it('of a foreign realm are not shown to a realm-bound token', () => {
    expect(visibleRealms(token([A]), [A, B])).toStrictEqual([A]);
    expect(visibleRealms(token([]), [A, B])).toStrictEqual([A, B]);
    expect(visibleRealms(JWT, [A, B])).toStrictEqual([A, B]);
  });
});
