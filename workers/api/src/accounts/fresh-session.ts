import type { UserRow } from '@control-plane/database';
import type { AuthenticatedContext } from '../context.ts';
import { tokenPair } from '../routes/authentication/session.ts';

/**
 * What a caller gets whose change ended every session: tokens of the new generation if they came with a
 * session themself. Never for an auth token or a password sent as Basic, which must not become a session.
 */
export async function freshSession(
  context: AuthenticatedContext,
  user: UserRow,
  sessionGeneration: number,
  now: number,
): Promise<{ token?: string; refreshToken?: string; sessions_revoked: boolean }> {
  const { principal } = context;
  // An admin who acts as a user gets no session of theirs.
  const isOwnSession = principal.kind === 'jwt' && !principal.viaBasic && principal.impersonatedBy === null;
  if (!isOwnSession) return { sessions_revoked: true };
  const { token, refreshToken } = await tokenPair(context, { ...user, sessionGeneration }, now);
  return { token, refreshToken, sessions_revoked: true };
}
