import { PERMISSION_LEAVES } from '@control-plane/contract/permissions';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from './expiry.ts';
import { grantsLeaf, permissionTree } from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';
import { settleTokenChange, settleTokenCopy, type TokenChangeRequest } from './token-change.ts';

const NOW = Date.parse('2026-06-15T10:30:00.000Z');
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(24)) as [string, string, string];

const grantOf = (more: Partial<TokenGrant> = {}): TokenGrant => ({
  tokenId: 'f'.repeat(24),
  alias: 'token',
  permissions: permissionTree(PERMISSION_LEAVES),
  realmIds: [],
  allowNoRealm: true,
  vaultAccess: true,
  eventAccess: true,
  ipWhitelist: ['*'],
  createdByTokenId: null,
  delegationDepth: 0,
  expiresAt: null,
  ...more,
});

interface Situation {
  readonly realmIds?: readonly string[];
  readonly deniesReauthorization?: boolean;
  readonly parent?: TokenGrant | null;
  readonly caller?: TokenGrant | null;
  readonly realmId?: string | null;
}
function change(request: TokenChangeRequest, situation: Situation = {}) {
  const {
    realmIds = [],
    deniesReauthorization = false,
    parent = null,
    caller = null,
    realmId = null,
  } = situation;
  return settleTokenChange(
    request,
    { realmIds, deniesReauthorization },
    { caller, parent, realmId, now: NOW },
  );
}
const changed = (value: object) => ({ ok: true, value });
const refused = (code: string) => ({ ok: false, error: { code } });

describe('a change', () => {
  it('touches what is named and nothing else', () => {
    expect(change({})).toStrictEqual(changed({}));
    expect(change({ eventAccess: false })).toStrictEqual(changed({ eventAccess: false }));
    expect(change({ ipWhitelist: '10.0.0.1, 10.0.0.1' })).toStrictEqual(
      changed({ ipWhitelist: ['10.0.0.1'] }),
    );
  });

  it('replaces the whole tree: a leaf that is not named is denied', () => {
    const settled = change({ permissions: { containers: { read: true } } });
    expect(settled).toMatchObject(changed({ permissions: permissionTree(['containers.read']) }));
  });

  it('lifts an expiry with null, keeps it when absent, and refuses a past one', () => {
    expect(change({ expiresAt: null })).toStrictEqual(changed({ expiresAt: null }));
    expect(change({ expiresAt: 'tomorrow' })).toStrictEqual(changed({ expiresAt: NOW + DAY_MS }));
    expect(change({ expiresAt: NOW - 1 })).toMatchObject(refused('EXPIRATION_IN_PAST'));
    expect(change({ expiresAt: 'soon' })).toMatchObject(refused('INVALID_EXPIRATION_FORMAT'));
  });

  it('may take the last realm away, which widens access, but never the realm of the host', () => {
    expect(change({ realmIds: [] }, { realmIds: [A] })).toStrictEqual(changed({ realmIds: [] }));
    expect(change({ realmIds: [B] }, { realmIds: [A], realmId: A })).toStrictEqual(
      changed({ realmIds: [B, A] }),
    );
  });

  it('bounds the realms of a token', () => {
    const many = Array.from({ length: 101 }, (_, index) => index.toString(16).padStart(24, '0'));
    expect(change({ realmIds: many })).toMatchObject(refused('VALIDATION_ERROR'));
  });

  it('of realms is not for a realm-bound token, though it may repeat them', () => {
    const caller = grantOf({ realmIds: [A] });
    const situation = { realmIds: [A], caller, parent: caller, realmId: A };
    expect(change({ realmIds: [A] }, situation)).toMatchObject({ ok: true });
    expect(change({ realmIds: [A, B] }, situation)).toMatchObject(refused('INSUFFICIENT_PERMISSIONS'));
  });
});

describe('a change of a sub-token', () => {
  const parent = grantOf({
    permissions: permissionTree(['containers.read', 'resources.create_tokens']),
    realmIds: [A, B],
    vaultAccess: false,
    ipWhitelist: ['10.0.0.0/8'],
    expiresAt: NOW + DAY_MS,
  });

  it('is clamped to the token above it, whoever asks', () => {
    const all = permissionTree(PERMISSION_LEAVES);
    const request = { permissions: all, vaultAccess: true, expiresAt: null, ipWhitelist: '*', realmIds: [] };
    expect(change(request, { parent, realmIds: [A] })).toStrictEqual(
      changed({
        permissions: parent.permissions,
        vaultAccess: false,
        expiresAt: NOW + DAY_MS,
        ipWhitelist: ['10.0.0.0/8'],
        realmIds: [A, B],
      }),
    );
  });

  it('is refused where it names what the parent lacks', () => {
    expect(change({ realmIds: [C] }, { parent })).toMatchObject(refused('INSUFFICIENT_PERMISSIONS'));
    expect(change({ ipWhitelist: '192.0.2.1' }, { parent })).toMatchObject(
      refused('INSUFFICIENT_PERMISSIONS'),
    );
  });
});

describe('a token that denies re-authorisation', () => {
  const denied = { deniesReauthorization: true };

  it.each<TokenChangeRequest>([
    { vaultAccess: true },
    { permissions: { resources: { create_tokens: true } } },
    { permissions: { resources: { vault: true } } },
  ])('can not be given it by %j', (request) => {
    expect(change(request, denied)).toMatchObject(refused('VALIDATION_ERROR'));
    expect(change(request)).toMatchObject({ ok: true });
  });

  it('always ends', () => {
    expect(change({ expiresAt: null }, denied)).toStrictEqual(changed({ expiresAt: NOW + 30 * DAY_MS }));
    const copied = settleTokenCopy({ ...grantOf(), ...denied }, null, { caller: null, now: NOW });
    expect(copied).toMatchObject(changed({ expiresAt: NOW + 30 * DAY_MS, deniesReauthorization: true }));
  });
});

describe('a copy', () => {
  const copy = (
    source: Partial<TokenGrant>,
    expiresAt?: string | number | null,
    caller: TokenGrant | null = null,
  ) => settleTokenCopy({ ...grantOf(source), deniesReauthorization: false }, expiresAt, { caller, now: NOW });

  it.each([
    ['its own expiry if that is to come', NOW + 5, undefined, NOW + 5],
    ['none if its own is past', NOW - 5, undefined, null],
    ['none when null is asked', NOW + 5, null, null],
    ['the one that is asked', NOW + 5, 'tomorrow', NOW + DAY_MS],
  ])('gets %s', (_, own, asked, expected) => {
    expect(copy({ expiresAt: own }, asked)).toMatchObject(changed({ expiresAt: expected }));
  });

  it('made by a user is the user’s own; made by a token it is beneath that and within it', () => {
    const deep = { createdByTokenId: 'e'.repeat(24), delegationDepth: 3 };
    expect(copy(deep)).toMatchObject(changed({ createdByTokenId: null, delegationDepth: 0 }));
    const caller = grantOf({
      permissions: permissionTree(['resources.create_tokens']),
      delegationDepth: 1,
      eventAccess: false,
    });
    const settled = copy(deep, undefined, caller);
    expect(settled).toMatchObject(
      changed({ createdByTokenId: caller.tokenId, delegationDepth: 2, eventAccess: false }),
    );
    expect(settled.ok && grantsLeaf(settled.value.permissions, 'containers.read')).toBe(false);
  });

  it('is refused to a token that may not make tokens, or is too deep', () => {
    expect(copy({}, undefined, grantOf({ permissions: {} }))).toMatchObject(
      refused('INSUFFICIENT_PERMISSIONS'),
    );
    expect(copy({}, undefined, grantOf({ delegationDepth: 8 }))).toMatchObject(
      refused('INSUFFICIENT_PERMISSIONS'),
    );
  });
});
