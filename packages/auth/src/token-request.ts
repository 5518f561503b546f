import type { PermissionTemplateName } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { DAY_MS, parseExpiry } from './expiry.ts';
import { isWhitelistSubset, parseIpWhitelist } from './ip-whitelist.ts';
import { templateTree } from './permission-templates.ts';
import { clampTree, grantedLeaves, grantsLeaf, permissionTree, withoutLeaves } from './permission-tree.ts';
import type { FullPermissionTree, PermissionTree } from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';

const REALMS_PER_TOKEN_MAX = 100;
/** How deep tokens may mint tokens. */
const DELEGATION_DEPTH_MAX = 8;
/** The longest life of a token that can't re-authorise itself. */
const UNRENEWABLE_LIFETIME_MAX_MS = 30 * DAY_MS;
const REAUTHORIZATION_LEAVES = ['resources.create_tokens', 'resources.vault'] as const;

/** What a client asks of a new token. Absent members take the contract's defaults. */
export interface TokenRequest {
  readonly ipWhitelist?: string | readonly string[] | undefined;
  /** Wins over `permissions`. */
  readonly permissionTemplate?: PermissionTemplateName | null | undefined;
  readonly permissions?: PermissionTree | null | undefined;
  readonly realmIds?: readonly string[] | undefined;
  readonly allowNoRealm?: boolean | undefined;
  readonly vaultAccess?: boolean | undefined;
  readonly eventAccess?: boolean | undefined;
  readonly denyReauthorization?: boolean | undefined;
  readonly expiresAt?: string | number | null | undefined;
}

/** What the token will be. */
export interface TokenAttributes {
  readonly ipWhitelist: string[];
  readonly permissions: FullPermissionTree;
  readonly realmIds: string[];
  readonly allowNoRealm: boolean;
  readonly vaultAccess: boolean;
  readonly eventAccess: boolean;
  /** Unix milliseconds; null: never. */
  readonly expiresAt: number | null;
  readonly createdByTokenId: string | null;
  readonly delegationDepth: number;
}

/** Where and when a token is asked for, and by which token (null: by the user). */
export interface TokenRequestContext {
  readonly parent: TokenGrant | null;
  /** Realm of the host that was called; the new token gets it too. */
  readonly realmId: string | null;
  /** Unix milliseconds. */
  readonly now: number;
}

function invalid(field: string, message: string) {
  return fail('VALIDATION_ERROR', message, { data: [{ instancePath: `/${field}`, message }] });
}

/** `deny_reauthorization`: the token can neither make tokens nor read the vault, and it ends. */
function withoutReauthorization(
  request: TokenRequest,
  attributes: TokenAttributes,
  now: number,
): Result<TokenAttributes> {
  const explicit = REAUTHORIZATION_LEAVES.find(
    (leaf) => (request.permissionTemplate ?? null) === null && grantsLeaf(request.permissions, leaf),
  );
  if (explicit !== undefined || request.vaultAccess === true) {
    return invalid(
      'deny_reauthorization',
      `deny_reauthorization excludes ${explicit ?? 'vault_access'}: leave one of them out`,
    );
  }
  return ok({
    ...attributes,
    permissions: withoutLeaves(attributes.permissions, REAUTHORIZATION_LEAVES),
    vaultAccess: false,
    expiresAt: Math.min(attributes.expiresAt ?? Infinity, now + UNRENEWABLE_LIFETIME_MAX_MS),
  });
}

/**
 * Cuts a sub-token down to what its parent may do. Leaves, flags, expiry and an unrestricted whitelist or
 * realm list are clamped in silence, as the contract says; realms and addresses that are named and that the
 * parent lacks are refused, since dropping them could widen (no realm left means no restriction).
 */
function clampToParent(attributes: TokenAttributes, parent: TokenGrant): Result<TokenAttributes> {
  const refuse = (message: string) => fail('INSUFFICIENT_PERMISSIONS', message);
  if (!grantsLeaf(parent.permissions, 'resources.create_tokens')) {
    return refuse('This token lacks the permission resources.create_tokens');
  }
  if (parent.delegationDepth >= DELEGATION_DEPTH_MAX) {
    return refuse(`Tokens can be delegated ${DELEGATION_DEPTH_MAX} times at most`);
  }
  const isBound = parent.realmIds.length > 0;
  const realmIds = isBound && attributes.realmIds.length === 0 ? [...parent.realmIds] : attributes.realmIds;
  if (isBound && realmIds.some((id) => !parent.realmIds.includes(id))) {
    return refuse('realm_ids must be among the realms of the token that creates');
  }
  const ipWhitelist = attributes.ipWhitelist.includes('*') ? [...parent.ipWhitelist] : attributes.ipWhitelist;
  if (!isWhitelistSubset(ipWhitelist, parent.ipWhitelist)) {
    return refuse('ip_whitelist must lie within that of the token that creates');
  }
  const expiresAt = Math.min(attributes.expiresAt ?? Infinity, parent.expiresAt ?? Infinity);
  return ok({
    ipWhitelist,
    permissions: clampTree(attributes.permissions, parent.permissions),
    realmIds,
    allowNoRealm: attributes.allowNoRealm && parent.allowNoRealm,
    vaultAccess: attributes.vaultAccess && parent.vaultAccess,
    eventAccess: attributes.eventAccess && parent.eventAccess,
    expiresAt: Number.isFinite(expiresAt) ? expiresAt : null,
    createdByTokenId: parent.tokenId,
    delegationDepth: parent.delegationDepth + 1,
  });
}

/**
 * Settles what a new token will be: defaults, template, the realm of the host, `deny_reauthorization`, and
 * the limits of the token that creates it. No child ever may more than its parent.
 */
export function settleTokenRequest(
  request: TokenRequest,
  context: TokenRequestContext,
): Result<TokenAttributes> {
  const whitelist = parseIpWhitelist(request.ipWhitelist ?? '*');
  if (!whitelist.ok) return whitelist;
  const expiry = parseExpiry(request.expiresAt, context.now);
  if (!expiry.ok) return expiry;
  const realmIds = [
    ...new Set([...(request.realmIds ?? []), ...(context.realmId === null ? [] : [context.realmId])]),
  ];
  if (realmIds.length > REALMS_PER_TOKEN_MAX) {
    return invalid('realm_ids', `A token can have ${REALMS_PER_TOKEN_MAX} realms at most`);
  }
  const template = request.permissionTemplate ?? null;
  const asked: TokenAttributes = {
    ipWhitelist: whitelist.value,
    permissions:
      template === null ? permissionTree(grantedLeaves(request.permissions)) : templateTree(template),
    realmIds,
    allowNoRealm: request.allowNoRealm ?? true,
    vaultAccess: request.vaultAccess ?? false,
    eventAccess: request.eventAccess ?? true,
    expiresAt: expiry.value,
    createdByTokenId: null,
    delegationDepth: 0,
  };
  const settled =
    request.denyReauthorization === true ? withoutReauthorization(request, asked, context.now) : ok(asked);
  if (!settled.ok || context.parent === null) return settled;
  return clampToParent(settled.value, context.parent);
}
