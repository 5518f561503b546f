import { PERMISSION_LEAVES } from '@control-plane/contract/permissions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from './expiry.ts';
import { isWhitelistSubset } from './ip-whitelist.ts';
import { templateTree } from './permission-templates.ts';
import { grantedLeaves, grantsLeaf, isSubset, permissionTree } from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';
import { realmDecision } from './realm-rule.ts';
import { settleTokenRequest, type TokenAttributes, type TokenRequest } from './token-request.ts';

const NOW = Date.parse('2026-06-15T10:30:00.000Z');
const REALMS = ['1', '2', '3'].map((digit) => digit.repeat(24));
const [ONE = '', TWO = ''] = REALMS;

const parentOf = (more: Partial<TokenGrant> = {}): TokenGrant => ({
  tokenId: 'f'.repeat(24),
  alias: 'parent',
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

function settle(request: TokenRequest, parent: TokenGrant | null = null, realmId: string | null = null) {
  return settleTokenRequest(request, { parent, realmId, now: NOW });
}
function settled(
  request: TokenRequest,
  parent: TokenGrant | null = null,
  realmId: string | null = null,
): TokenAttributes {
  const result = settle(request, parent, realmId);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('a token made by a user', () => {
  it('takes the contract defaults: no permission, any address, no realm, no vault, events', () => {
    expect(settled({})).toEqual({
      ipWhitelist: ['*'],
      permissions: permissionTree([]),
      realmIds: [],
      allowNoRealm: true,
      vaultAccess: false,
      eventAccess: true,
      expiresAt: null,
      createdByTokenId: null,
      delegationDepth: 0,
      deniesReauthorization: false,
    });
  });

  it('prefers a template to permissions', () => {
    const request = { permissionTemplate: 'read_only', permissions: { admin: { users: true } } } as const;
    expect(settled(request).permissions).toEqual(templateTree('read_only'));
  });

  it('gets the realm of the host, once, and at most 100 realms', () => {
    expect(settled({ realmIds: [TWO] }, null, ONE).realmIds).toEqual([TWO, ONE]);
    expect(settled({ realmIds: [ONE, ONE] }, null, ONE).realmIds).toEqual([ONE]);
    const many = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(24, '0'));
    expect(settle({ realmIds: many }).ok).toBe(true);
    expect(settle({ realmIds: many }, null, ONE)).toMatchObject({
      ok: false,
      error: { code: 'VALIDATION_ERROR' },
    });
  });

  it.each([
    [{ ipWhitelist: 'nonsense' }, 'VALIDATION_ERROR'],
    [{ expiresAt: 'nonsense' }, 'INVALID_EXPIRATION_FORMAT'],
    [{ expiresAt: '2001-01-01' }, 'EXPIRATION_IN_PAST'],
  ])('is refused for %j with %s', (request, code) => {
    expect(settle(request)).toMatchObject({ ok: false, error: { code } });
  });
});

describe('deny_reauthorization', () => {
  it('strips token making and the vault from a template and bounds the life', () => {
    const token = settled({ permissionTemplate: 'full_access', denyReauthorization: true });
    expect(grantsLeaf(token.permissions, 'resources.create_tokens')).toBe(false);
    expect(grantsLeaf(token.permissions, 'resources.vault')).toBe(false);
    expect(grantedLeaves(token.permissions)).toHaveLength(PERMISSION_LEAVES.length - 2);
    expect(token.expiresAt).toBe(NOW + 30 * DAY_MS);
    expect(settled({ denyReauthorization: true, expiresAt: 'tomorrow' }).expiresAt).toBe(NOW + DAY_MS);
    expect(settled({ denyReauthorization: true, expiresAt: '2050-01-01' }).expiresAt).toBe(NOW + 30 * DAY_MS);
  });

  it.each([
    { vaultAccess: true },
    { permissions: { resources: { create_tokens: true } } },
    { permissions: { resources: { vault: true } } },
  ])('contradicts %j', (request) => {
    const result = settle({ ...request, denyReauthorization: true });
    expect(result).toMatchObject({ ok: false, error: { code: 'VALIDATION_ERROR' } });
  });
});

describe('a token made by a token', () => {
  it('needs resources.create_tokens in its maker', () => {
    const result = settle({}, parentOf({ permissions: { containers: { read: true } } }));
    expect(result).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_PERMISSIONS' } });
  });

  it('inherits restrictions that it leaves out, and records its lineage', () => {
    const parent = parentOf({
      realmIds: [ONE],
      ipWhitelist: ['10.0.0.0/8'],
      expiresAt: NOW + 5,
      delegationDepth: 2,
    });
    expect(settled({ vaultAccess: true }, parent)).toMatchObject({
      realmIds: [ONE],
      ipWhitelist: ['10.0.0.0/8'],
      expiresAt: NOW + 5,
      createdByTokenId: parent.tokenId,
      delegationDepth: 3,
      vaultAccess: true,
    });
  });

  it('keeps the base host barred, for the day when its realms are taken away', () => {
    const parent = parentOf({ realmIds: [ONE], allowNoRealm: false });
    expect(settled({ allowNoRealm: true }, parent).allowNoRealm).toBe(false);
  });

  it.each<[string, TokenRequest, Partial<TokenGrant>]>([
    ['a realm beyond its maker', { realmIds: [TWO] }, { realmIds: [ONE] }],
    ['an address beyond its maker', { ipWhitelist: '10.0.0.0/7' }, { ipWhitelist: ['10.0.0.0/8'] }],
    ['a chain too long', {}, { delegationDepth: 8 }],
  ])('is refused for %s', (_name, request, parent) => {
    const result = settle(request, parentOf(parent));
    expect(result).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_PERMISSIONS' } });
  });

  it('never may more than its maker, whatever is asked', () => {
    const leaves = fc.subarray([...PERMISSION_LEAVES]);
    const realms = fc.subarray(REALMS);
    const whitelist = fc.constantFrom(['*'], ['10.0.0.0/8'], ['10.1.0.0/16', '2001:db8::/32'], ['10.1.2.3']);
    const expiry = fc.option(fc.integer({ min: NOW + 1, max: NOW + 100 * DAY_MS }));
    const flags = fc.record({
      allowNoRealm: fc.boolean(),
      vaultAccess: fc.boolean(),
      eventAccess: fc.boolean(),
    });
    const parents = fc.record({ leaves, realms, whitelist, expiry, flags }).map((p) =>
      parentOf({
        permissions: permissionTree([...p.leaves, 'resources.create_tokens']),
        realmIds: p.realms,
        ipWhitelist: p.whitelist,
        expiresAt: p.expiry,
        ...p.flags,
      }),
    );
    const requests = fc.record({ leaves, realms, whitelist, expiry, flags, deny: fc.boolean() }).map((r) => ({
      permissions: permissionTree(r.leaves),
      realmIds: r.realms,
      ipWhitelist: r.whitelist,
      expiresAt: r.expiry,
      denyReauthorization: r.deny,
      ...r.flags,
    }));
    fc.assert(
      fc.property(requests, parents, fc.option(fc.constantFrom(...REALMS)), (request, parent, active) => {
        fc.pre(realmDecision(parent, active).ok);
        const result = settle(request, parent, active);
        if (!result.ok) return;
        const child = result.value;
        expect(isSubset(child.permissions, parent.permissions)).toBe(true);
        expect(isWhitelistSubset(child.ipWhitelist, parent.ipWhitelist)).toBe(true);
        expect(child.expiresAt ?? Infinity).toBeLessThanOrEqual(parent.expiresAt ?? Infinity);
        expect(child.vaultAccess && !parent.vaultAccess).toBe(false);
        expect(child.eventAccess && !parent.eventAccess).toBe(false);
        for (const realmId of [null, ...REALMS, '9'.repeat(24)]) {
          expect(realmDecision(child, realmId).ok && !realmDecision(parent, realmId).ok).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
