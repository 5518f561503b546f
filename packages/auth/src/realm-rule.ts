import { fail, ok, type Result } from '@control-plane/contract/errors';
import type { TokenGrant } from './principal.ts';

/**
 * Whether a token may be used on the host that was called. Clients recognise the refusals by the fragments
 * `requires a realm-scoped URL` and `not valid for realm`: never reword those.
 *
 * @param realmId realm of the host (24 hex), null on the base host
 * @param isIntrospection true for `GET /auth/tokens/me` alone, which a realm-bound token may call on the
 *   base host to learn where it belongs
 */
export function realmDecision(
  grant: Pick<TokenGrant, 'realmIds' | 'allowNoRealm'>,
  realmId: string | null,
  isIntrospection = false,
): Result<void> {
  const isBound = grant.realmIds.length > 0;
  if (realmId === null) {
    if ((!isBound && grant.allowNoRealm) || isIntrospection) return ok(undefined);
    return fail('REALM_SCOPE_REQUIRED', 'This token requires a realm-scoped URL', {
      data: { allowed_realm_ids: [...grant.realmIds] },
    });
  }
  if (!isBound || grant.realmIds.includes(realmId)) return ok(undefined);
  return fail('REALM_SCOPE_REQUIRED', `This token is not valid for realm ${realmId}`);
}
