import { describe, expect, it } from 'vitest';
import { realmDecision } from './realm-rule.ts';

const MINE = 'a'.repeat(24);
const OTHER = 'b'.repeat(24);
const bound = { realmIds: [MINE], allowNoRealm: true };
const free = { realmIds: [], allowNoRealm: true };
const scopedOnly = { realmIds: [], allowNoRealm: false };

describe('realmDecision', () => {
  it.each([
    ['a free token on the base host', free, null, false],
    ['a free token on a realm host', free, OTHER, false],
    ['a bound token in its realm', bound, MINE, false],
    [
      'a bound token in its realm, whatever allow_no_realm says',
      { ...bound, allowNoRealm: false },
      MINE,
      false,
    ],
    ['a bound token asking about itself on the base host', bound, null, true],
    ['a token that must name a realm, in any', scopedOnly, OTHER, false],
  ])('lets %s pass', (_name, grant, realmId, isIntrospection) => {
    expect(realmDecision(grant, realmId, isIntrospection)).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['a bound token on the base host', bound, null, false, 'requires a realm-scoped URL'],
    ['a bound token in another realm', bound, OTHER, false, `not valid for realm ${OTHER}`],
    ['a bound token asking about itself in another realm', bound, OTHER, true, 'not valid for realm'],
    [
      'a token that must name a realm, on the base host',
      scopedOnly,
      null,
      false,
      'requires a realm-scoped URL',
    ],
  ])('refuses %s', (_name, grant, realmId, isIntrospection, message) => {
    expect(realmDecision(grant, realmId, isIntrospection)).toMatchObject({
      ok: false,
      error: { code: 'REALM_SCOPE_REQUIRED', message: expect.stringContaining(message) },
    });
  });
});
