import { PERMISSION_LEAVES } from '@control-plane/contract/permissions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intersectWhitelists, isAddressAllowed } from './ip-whitelist.ts';
import { grantsLeaf, isSubset, permissionTree } from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';
import { realmDecision } from './realm-rule.ts';
import { effectiveGrant } from './token-clamp.ts';

const REALMS = ['1', '2', '3'].map((digit) => digit.repeat(24));
const BLOCKS = ['*', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '192.0.2.0/24', '2001:db8::/32'];
const ADDRESSES = ['10.1.2.3', '10.1.9.9', '10.200.0.1', '192.0.2.9', '2001:db8::1', '203.0.113.1'];

const grants: fc.Arbitrary<TokenGrant> = fc.record({
  tokenId: fc.constant('f'.repeat(24)),
  alias: fc.constant('token'),
  permissions: fc.subarray([...PERMISSION_LEAVES]).map((leaves) => permissionTree(leaves)),
  realmIds: fc.subarray(REALMS),
  allowNoRealm: fc.boolean(),
  vaultAccess: fc.boolean(),
  eventAccess: fc.boolean(),
  ipWhitelist: fc.subarray(BLOCKS, { minLength: 1 }),
  createdByTokenId: fc.constant(null),
  delegationDepth: fc.constant(0),
  expiresAt: fc.option(fc.integer({ min: 1, max: 1000 })),
});

describe('what a token may do beneath others', () => {
  it('is, whatever each of them was changed to, no more than any of them may do', () => {
    fc.assert(
      fc.property(grants, fc.array(grants, { maxLength: 4 }), (token, above) => {
        const effective = effectiveGrant(token, above);
        const line = [token, ...above];
        const usable = [null, ...REALMS].filter((realmId) =>
          line.every((grant) => realmDecision(grant, realmId).ok),
        );
        if (effective === null) {
          expect(usable).toEqual([]);
          return;
        }
        for (const grant of line) {
          expect(isSubset(effective.permissions, grant.permissions)).toBe(true);
          expect(effective.vaultAccess && !grant.vaultAccess).toBe(false);
          expect(effective.eventAccess && !grant.eventAccess).toBe(false);
          expect(effective.expiresAt ?? Infinity).toBeLessThanOrEqual(grant.expiresAt ?? Infinity);
          for (const realmId of [null, ...REALMS]) {
            if (realmDecision(effective, realmId).ok) expect(realmDecision(grant, realmId).ok).toBe(true);
          }
          for (const address of ADDRESSES) {
            if (isAddressAllowed(effective.ipWhitelist, address)) {
              expect(isAddressAllowed(grant.ipWhitelist, address)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is all that they have in common, not less', () => {
    fc.assert(
      fc.property(grants, grants, (token, parent) => {
        const effective = effectiveGrant(token, [parent]);
        for (const leaf of PERMISSION_LEAVES) {
          if (effective === null) break;
          const both = grantsLeaf(token.permissions, leaf) && grantsLeaf(parent.permissions, leaf);
          expect(grantsLeaf(effective.permissions, leaf)).toBe(both);
        }
        for (const realmId of REALMS) {
          const both = realmDecision(token, realmId).ok && realmDecision(parent, realmId).ok;
          expect(effective !== null && realmDecision(effective, realmId).ok).toBe(both);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is what it was made for when nothing is above it', () => {
    fc.assert(
      fc.property(grants, (token) => {
        expect(effectiveGrant(token, [])).toEqual(token);
      }),
    );
  });

  it('does not become unbound where two bound lists have nothing in common', () => {
    const [one = '', two = ''] = REALMS;
    const [token] = fc.sample(grants, 1);
    if (token === undefined) throw new Error('no sample');
    expect(effectiveGrant({ ...token, realmIds: [one] }, [{ ...token, realmIds: [two] }])).toBeNull();
  });
});

describe('the intersection of whitelists', () => {
  it('allows exactly the addresses that both allow', () => {
    const lists = fc.subarray(BLOCKS, { minLength: 1 });
    fc.assert(
      fc.property(lists, lists, fc.constantFrom(...ADDRESSES), (one, other, address) => {
        const both = isAddressAllowed(one, address) && isAddressAllowed(other, address);
        expect(isAddressAllowed(intersectWhitelists(one, other), address)).toBe(both);
      }),
      { numRuns: 500 },
    );
  });
});
