import { fail, ok, type Result } from '@control-plane/contract/errors';
import { parseExpiry } from './expiry.ts';
import { parseIpWhitelist } from './ip-whitelist.ts';
import {
  clampTree,
  grantedLeaves,
  grantsLeaf,
  permissionTree,
  type PermissionTree,
} from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';
import { clampRealms, clampWhitelist, earlier, type ParentPowers, type TokenPowers } from './token-clamp.ts';
import {
  boundedExpiry,
  delegated,
  invalid,
  REALMS_PER_TOKEN_MAX,
  REAUTHORIZATION_LEAVES,
  type TokenAttributes,
} from './token-request.ts';

/** What a client asks to be changed; an absent member stays as it is. */
export interface TokenChangeRequest {
  readonly ipWhitelist?: string | readonly string[] | undefined;
  /** Replaces the whole tree. */
  readonly permissions?: PermissionTree | undefined;
  readonly realmIds?: readonly string[] | undefined;
  readonly allowNoRealm?: boolean | undefined;
  readonly vaultAccess?: boolean | undefined;
  readonly eventAccess?: boolean | undefined;
  /** null: never. */
  readonly expiresAt?: string | number | null | undefined;
}

/** Who changes a token, where and when. */
export interface TokenChangeContext {
  /** The token that calls; null: a user. */
  readonly caller: Pick<TokenGrant, 'realmIds'> | null;
  /** What the token above the changed one may do now; null when there is none. */
  readonly parent: ParentPowers | null;
  /** Realm of the host that was called; a changed token keeps it. */
  readonly realmId: string | null;
  /** Unix milliseconds. */
  readonly now: number;
}

type ChangedToken = Pick<TokenAttributes, 'deniesReauthorization'> & {
  readonly realmIds: readonly string[];
};

function settleRealms(
  wanted: readonly string[],
  token: ChangedToken,
  { caller, parent, realmId }: TokenChangeContext,
): Result<string[]> {
  const kept = [...new Set([...wanted, ...(realmId === null ? [] : [realmId])])];
  if (kept.length > REALMS_PER_TOKEN_MAX) {
    return invalid('realm_ids', `A token can have ${REALMS_PER_TOKEN_MAX} realms at most`);
  }
  const isSame = kept.length === token.realmIds.length && kept.every((id) => token.realmIds.includes(id));
  if (isSame) return ok([...token.realmIds]);
  if (caller !== null && caller.realmIds.length > 0) {
    return fail('INSUFFICIENT_PERMISSIONS', 'A realm-restricted token can not change realm_ids');
  }
  return parent === null ? ok(kept) : clampRealms(kept, parent);
}

function settleExpiry(
  wanted: string | number | null,
  token: ChangedToken,
  { parent, now }: TokenChangeContext,
): Result<number | null> {
  const parsed = parseExpiry(wanted, now);
  if (!parsed.ok) return parsed;
  const expiresAt = token.deniesReauthorization ? boundedExpiry(parsed.value, now) : parsed.value;
  return ok(parent === null ? expiresAt : earlier(expiresAt, parent.expiresAt));
}

/**
 * Settles what a change makes of a token: the members that really change, each within the powers of the
 * token above it. A token made with `deny_reauthorization` stays one (VALIDATION_ERROR for what would undo
 * it, a bounded expiry); a realm-bound caller can't change realms (INSUFFICIENT_PERMISSIONS).
 */
export function settleTokenChange(
  request: TokenChangeRequest,
  token: ChangedToken,
  context: TokenChangeContext,
): Result<Partial<TokenPowers>> {
  const { parent } = context;
  const undone =
    request.vaultAccess === true
      ? 'vault_access'
      : REAUTHORIZATION_LEAVES.find((leaf) => grantsLeaf(request.permissions, leaf));
  if (token.deniesReauthorization && undone !== undefined) {
    const field = undone === 'vault_access' ? undone : 'permissions';
    return invalid(field, `This token was made with deny_reauthorization, which excludes ${undone}`);
  }
  const changes: { -readonly [Member in keyof TokenPowers]?: TokenPowers[Member] } = {};
  if (request.ipWhitelist !== undefined) {
    const parsed = parseIpWhitelist(request.ipWhitelist);
    const whitelist = parsed.ok && parent !== null ? clampWhitelist(parsed.value, parent) : parsed;
    if (!whitelist.ok) return whitelist;
    changes.ipWhitelist = whitelist.value;
  }
  if (request.realmIds !== undefined) {
    const realmIds = settleRealms(request.realmIds, token, context);
    if (!realmIds.ok) return realmIds;
    changes.realmIds = realmIds.value;
  }
  if (request.expiresAt !== undefined) {
    const expiresAt = settleExpiry(request.expiresAt, token, context);
    if (!expiresAt.ok) return expiresAt;
    changes.expiresAt = expiresAt.value;
  }
  if (request.permissions !== undefined) {
    const asked = permissionTree(grantedLeaves(request.permissions));
    changes.permissions = parent === null ? asked : clampTree(asked, parent.permissions);
  }
  for (const flag of ['allowNoRealm', 'vaultAccess', 'eventAccess'] as const) {
    const wanted = request[flag];
    if (wanted !== undefined) changes[flag] = wanted && (parent?.[flag] ?? true);
  }
  return ok(changes);
}

/**
 * Settles what a copy of a token will be: its powers as they count now, the wanted expiry or else its own if
 * that is still to come, and, when a token copies, within that token's powers and beneath it.
 *
 * @param source what the copied token may do now
 */
export function settleTokenCopy(
  source: TokenGrant & Pick<TokenAttributes, 'deniesReauthorization'>,
  expiresAt: string | number | null | undefined,
  context: { readonly caller: TokenGrant | null; readonly now: number },
): Result<TokenAttributes> {
  const { caller, now } = context;
  const parsed = parseExpiry(expiresAt, now);
  if (!parsed.ok) return parsed;
  const inherited = source.expiresAt !== null && source.expiresAt > now ? source.expiresAt : null;
  const wanted = expiresAt === undefined ? inherited : parsed.value;
  const copy: TokenAttributes = {
    ipWhitelist: [...source.ipWhitelist],
    permissions: permissionTree(grantedLeaves(source.permissions)),
    realmIds: [...source.realmIds],
    allowNoRealm: source.allowNoRealm,
    vaultAccess: source.vaultAccess,
    eventAccess: source.eventAccess,
    expiresAt: source.deniesReauthorization ? boundedExpiry(wanted, now) : wanted,
    createdByTokenId: null,
    delegationDepth: 0,
    deniesReauthorization: source.deniesReauthorization,
  };
  return caller === null ? ok(copy) : delegated(copy, caller);
}
