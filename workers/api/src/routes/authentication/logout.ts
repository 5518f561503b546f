import { ok } from '@control-plane/contract/errors';
import { authenticationLogout } from '@control-plane/contract/routes';
import { endSessions } from '@control-plane/database';
import { operation } from '../../operation.ts';

/**
 * Ends every session of the user: all JWTs signed until now die. An auth token has no session to end, and
 * must not be able to end its user's, so for it nothing happens.
 */
export const logout = operation(authenticationLogout, async (_input, { database, principal }) => {
  if (principal.kind === 'jwt') await endSessions(database, principal.userId, Date.now());
  return ok({ message: 'Logged out', data: null });
});
