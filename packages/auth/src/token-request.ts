import type { PermissionTemplateName } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { DAY_MS, parseExpiry } from './expiry.ts';
import { parseIpWhitelist } from './ip-whitelist.ts';
import { templateTree } from './permission-templates.ts';
import { grantedLeaves, grantsLeaf, permissionTree, withoutLeaves } from './permission-tree.ts';
import type { PermissionTree } from './permission-tree.ts';
import type { TokenGrant } from './principal.ts';
import { clampPowers, type TokenPowers } from './token-clamp.ts';

export const REALMS_PER_TOKEN_MAX = 100;
/** How deep tokens may mint tokens. */
const DELEGATION_DEPTH_MAX = 8;
/** The longest life of a token that can't re-authorise itself. */
const UNRENEWABLE_LIFETIME_MAX_MS = 30 * DAY_MS;
export const REAUTHORIZATION_LEAVES = ['resources.create_tokens', 'resources.vault'] as const;

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
export interface TokenAttributes extends TokenPowers {
  readonly createdByTokenId: string | null;
  readonly delegationDepth: number;
  /** It can neither make tokens nor read the vault, and it ends; no later change undoes that. */
  readonly deniesReauthorization: boolean;
}

/** Where and when a token is asked for, and by which token (null: by the user). */
export interface TokenRequestContext {
  readonly parent: TokenGrant | null;
  /** Realm of the host that was called; the new token gets it too. */
  readonly realmId: string | null;
  /** Unix milliseconds. */
  readonly now: number;
}

/** The end of a token that has to have one. `expiresAt` and `now` in Unix milliseconds. */
export function boundedExpiry(expiresAt: number | null, now: number): number {
  return Math.min(expiresAt ?? Infinity, now + UNRENEWABLE_LIFETIME_MAX_MS);
}

/** A refused field of a token request, as the validation of bodies tells it. */
export function invalid(field: string, message: string) {
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
    expiresAt: boundedExpiry(attributes.expiresAt, now),
    deniesReauthorization: true,
  });
}

/**
 * The attributes of a token that a token makes: within its maker's powers, one delegation further down.
 * INSUFFICIENT_PERMISSIONS when the maker may not, or not for so much.
 */
export function delegated(attributes: TokenAttributes, parent: TokenGrant): Result<TokenAttributes> {
  if (!grantsLeaf(parent.permissions, 'resources.create_tokens')) {
    return fail('INSUFFICIENT_PERMISSIONS', 'This token lacks the permission resources.create_tokens');
  }
  if (parent.delegationDepth >= DELEGATION_DEPTH_MAX) {
    return fail('INSUFFICIENT_PERMISSIONS', `Tokens can be delegated ${DELEGATION_DEPTH_MAX} times at most`);
  }
  const clamped = clampPowers(attributes, parent);
  if (!clamped.ok) return clamped;
  return ok({
    ...attributes,
    ...clamped.value,
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
    deniesReauthorization: false,
  };
  const settled =
    request.denyReauthorization === true ? withoutReauthorization(request, asked, context.now) : ok(asked);
  if (!settled.ok || context.parent === null) return settled;
  return delegated(settled.value, context.parent);
}
