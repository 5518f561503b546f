import { fail, ok } from '@control-plane/contract/errors';
import { authTokensGetCurrent } from '@control-plane/contract/routes';
import { findAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { introspectionView } from './auth-token-view.ts';

/** The calling token, and where it may be used. */
export const getCurrentAuthToken = operation(authTokensGetCurrent, async (_input, context) => {
  const { database, principal, realmId } = context;
  const tokenId = principal.grant?.tokenId;
  if (tokenId === undefined) throw new Error('an auth-token route was called without an auth token');
  const token = await findAuthToken(database, { userId: principal.userId, realmId: null }, tokenId, tokenId);
  if (token === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  return ok({ message: 'Current auth token', data: introspectionView(token, realmId) });
});
