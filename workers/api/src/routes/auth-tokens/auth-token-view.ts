import { grantedLeaves, permissionTree, TOKEN_PREFIX } from '@control-plane/auth';
import type { AuthTokenRow } from '@control-plane/database';

function timestamp(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

/** A token as the wire has it, without its secret, which nobody has. */
export function authTokenView(token: AuthTokenRow) {
  return {
    id: token.id,
    alias: token.alias,
    prefix: TOKEN_PREFIX,
    public_key: token.publicKey,
    public_storage: token.publicStorage === null ? null : { ...token.publicStorage },
    ip_whitelist: [...token.ipWhitelist],
    realm_ids: [...token.realmIds],
    allow_no_realm: token.allowNoRealm,
    permissions: permissionTree(grantedLeaves(token.permissions)),
    expires_at: timestamp(token.expiresAt),
    is_enabled: token.isEnabled,
    vault_access: token.vaultAccess,
    event_access: token.eventAccess,
    created_by_token_id: token.createdByTokenId,
    delegation_depth: token.delegationDepth,
    last_used_at: timestamp(token.lastUsedAt),
    last_used_ip: token.lastUsedIp,
    created_at: new Date(token.createdAt).toISOString(),
    updated_at: new Date(token.updatedAt).toISOString(),
  };
}

/** The calling token and where it may be used, seen from the realm of the host that was called. */
export function introspectionView(token: AuthTokenRow, activeRealmId: string | null) {
  const isBound = token.realmIds.length > 0;
  return {
    token: authTokenView(token),
    restrictions: {
      has_realm_restrictions: isBound,
      requires_realm_scope: isBound || !token.allowNoRealm,
      allowed_realm_ids: [...token.realmIds],
      allow_no_realm: token.allowNoRealm,
      active_realm_id: activeRealmId,
    },
  };
}
