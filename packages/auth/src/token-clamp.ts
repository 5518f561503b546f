import { fail, ok, type Result } from '@control-plane/contract/errors';
import { intersectWhitelists, isWhitelistSubset } from './ip-whitelist.ts';
import { clampTree, type FullPermissionTree } from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';

/** What limits the use of a token. */
export interface TokenPowers {
  readonly ipWhitelist: string[];
  readonly permissions: FullPermissionTree;
  /** Empty: not bound to realms. */
  readonly realmIds: string[];
  readonly allowNoRealm: boolean;
  readonly vaultAccess: boolean;
  readonly eventAccess: boolean;
  /** Unix milliseconds; null: never. */
  readonly expiresAt: number | null;
}

/** The powers that a parent passes on at most. */
export type ParentPowers = Pick<TokenGrant, keyof TokenPowers>;

/** `realmIds` within the parent's; none asked for means all of the parent's. */
export function clampRealms(realmIds: readonly string[], parent: ParentPowers): Result<string[]> {
  if (parent.realmIds.length === 0) return ok([...realmIds]);
  if (realmIds.length === 0) return ok([...parent.realmIds]);
  return realmIds.every((id) => parent.realmIds.includes(id))
    ? ok([...realmIds])
    : fail('INSUFFICIENT_PERMISSIONS', 'realm_ids must be among the realms of the token above this one');
}

/** `whitelist` within the parent's; `*` means the parent's. */
export function clampWhitelist(whitelist: readonly string[], parent: ParentPowers): Result<string[]> {
  const wanted = whitelist.includes('*') ? parent.ipWhitelist : whitelist;
  return isWhitelistSubset(wanted, parent.ipWhitelist)
    ? ok([...wanted])
    : fail('INSUFFICIENT_PERMISSIONS', 'ip_whitelist must lie within that of the token above this one');
}

/** The earlier of two ends; null: never. */
export function earlier(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}

/**
 * Cuts a sub-token down to what its parent may do. Leaves, flags, expiry and an unrestricted whitelist or
 * realm list are clamped in silence, as the contract says; realms and addresses that are named and that the
 * parent lacks are refused (INSUFFICIENT_PERMISSIONS), since dropping them could widen (no realm left means
 * no restriction).
 */
export function clampPowers(powers: TokenPowers, parent: ParentPowers): Result<TokenPowers> {
  const realmIds = clampRealms(powers.realmIds, parent);
  if (!realmIds.ok) return realmIds;
  const ipWhitelist = clampWhitelist(powers.ipWhitelist, parent);
  if (!ipWhitelist.ok) return ipWhitelist;
  return ok({
    ipWhitelist: ipWhitelist.value,
    permissions: clampTree(powers.permissions, parent.permissions),
    realmIds: realmIds.value,
    allowNoRealm: powers.allowNoRealm && parent.allowNoRealm,
    vaultAccess: powers.vaultAccess && parent.vaultAccess,
    eventAccess: powers.eventAccess && parent.eventAccess,
    expiresAt: earlier(powers.expiresAt, parent.expiresAt),
  });
}

/**
 * What a token may do now: its own powers within those of every token above it, as these are now. So a
 * parent that is narrowed narrows all that it ever minted, with the next request.
 *
 * @param above the tokens above it, in any order
 * @returns null when nothing is left of its realms: it can be used nowhere
 */
export function effectiveGrant(token: TokenGrant, above: readonly ParentPowers[]): TokenGrant | null {
  let grant = token;
  for (const parent of above) {
    const realmIds = commonRealms(grant.realmIds, parent.realmIds);
    if (realmIds === null) return null;
    grant = {
      ...grant,
      permissions: clampTree(grant.permissions, parent.permissions),
      realmIds,
      allowNoRealm: grant.allowNoRealm && parent.allowNoRealm,
      vaultAccess: grant.vaultAccess && parent.vaultAccess,
      eventAccess: grant.eventAccess && parent.eventAccess,
      ipWhitelist: intersectWhitelists(grant.ipWhitelist, parent.ipWhitelist),
      expiresAt: earlier(grant.expiresAt, parent.expiresAt),
    };
  }
  return grant;
}

/** Realms that both lists allow, an empty one allowing all; null when they have none in common. */
function commonRealms(one: readonly string[], other: readonly string[]): readonly string[] | null {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const common = one.filter((id) => other.includes(id));
  return common.length === 0 ? null : common;
}
