import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findUser, type UserRow } from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';

/** Whether the caller acts as an administrator: by a session of theirs, never by an auth token or Basic. */
export function isAdministrator({ principal }: AuthenticatedContext): boolean {
  return principal.kind === 'jwt' && !principal.viaBasic && principal.isAdmin;
}

/**
 * The user that a path names: oneself, or anyone for an administrator. Others get the same refusal whether
 * the user exists or not. INSUFFICIENT_PERMISSIONS, RESOURCE_NOT_FOUND.
 */
export async function accessibleUser(
  context: AuthenticatedContext,
  userId: string,
): Promise<Result<UserRow>> {
  if (userId !== context.principal.userId && !isAdministrator(context)) {
    return fail('INSUFFICIENT_PERMISSIONS', 'You can see and change your own account only');
  }
  const user = await findUser(context.database, userId);
  return user === null ? fail('RESOURCE_NOT_FOUND', 'User not found') : ok(user);
}
