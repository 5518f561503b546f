import { grantsLeaf, type Principal } from '@control-plane/auth';
import type { RouteDefinition } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract/errors';

/**
 * Whether the caller's token has the leaf that the route asks for (403 INSUFFICIENT_PERMISSIONS naming it).
 * Users themselves, by JWT or password, are not limited by leaves.
 *
 * @param params the path's parameters, for routes whose leaf depends on them
 */
export function authorize(
  route: Pick<RouteDefinition, 'permission'>,
  params: Record<string, string>,
  principal: Principal | null,
): Result<void> {
  const grant = principal?.grant ?? null;
  if (grant === null) return ok(undefined);
  const leaf = typeof route.permission === 'function' ? route.permission(params) : route.permission;
  if (leaf === undefined || grantsLeaf(grant.permissions, leaf)) return ok(undefined);
  return fail('INSUFFICIENT_PERMISSIONS', `This token lacks the permission ${leaf}`, {
    data: { required_permission: leaf },
  });
}
