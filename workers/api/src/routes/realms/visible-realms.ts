import type { Principal } from '@control-plane/auth';

/**
 * Of the realms that a resource carries, those that the caller may know of. A realm-bound token knows its
 * own realms only: that a resource is shared with another realm is nothing that it could find out.
 */
export function visibleRealms(principal: Principal, realmIds: readonly string[]): string[] {
  const bound = principal.grant?.realmIds ?? [];
  return bound.length === 0 ? [...realmIds] : realmIds.filter((realmId) => bound.includes(realmId));
}
