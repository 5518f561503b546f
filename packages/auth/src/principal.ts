import type { PermissionTree } from './permission-tree.ts';

/** What one auth token may do; JWT and password callers have none and are not limited. */
export interface TokenGrant {
  readonly tokenId: string;
  readonly alias: string;
  readonly permissions: PermissionTree;
  /** Non-empty: the token works on the hosts of these realms only. */
  readonly realmIds: readonly string[];
  /** Counts only while `realmIds` is empty: false bars the token from the base host. */
  readonly allowNoRealm: boolean;
  readonly vaultAccess: boolean;
  readonly eventAccess: boolean;
  /** Addresses and CIDR blocks; `['*']`: any. */
  readonly ipWhitelist: readonly string[];
  /** Token that minted this one; null when a user did. */
  readonly createdByTokenId: string | null;
  /** 0 for a token that a user made, one more for each delegation. */
  readonly delegationDepth: number;
  /** Unix milliseconds; null: never. */
  readonly expiresAt: number | null;
}

/** Who calls, as established by one credential. */
export interface Principal {
  /** `jwt` for JWTs and for Basic with a password; `auth-token` for `hdy_` tokens however sent. */
  readonly kind: 'jwt' | 'auth-token';
  readonly userId: string;
  readonly username: string;
  readonly email: string;
  readonly alias: string | null;
  readonly isAdmin: boolean;
  readonly isBanned: boolean;
  readonly emailVerified: boolean;
  readonly sessionGeneration: number;
  /** Null exactly when `kind` is `jwt`. */
  readonly grant: TokenGrant | null;
  /** True when the credential came as HTTP Basic: never a first-party session. */
  readonly viaBasic: boolean;
  /** The admin who acts as this user (`x-impersonate-user`); null: the user themself. */
  readonly impersonatedBy: string | null;
  /** End of the credential itself, Unix milliseconds; null: never (tokens without one, passwords). */
  readonly credentialExpiresAt: number | null;
}
