import { fail, ok } from '@control-plane/contract/errors';
import { authTokensGetCurrent } from '@control-plane/contract/routes';
import { findAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { introspectionView } from './auth-token-view.ts';

/** The calling token, and where it may be used. */
export const getCurrentAuthToken = operation(authTokensGetCurrent, async (_input, context) => {
  const { database, principal, realmId } = context;
  const { grant } = principal;
  if (grant === null) throw new Error('an auth-token route was called without an auth token');
  const scope = { userId: principal.userId, realmId: null };
  const token = await findAuthToken(database, scope, grant.tokenId, grant.tokenId);
  if (token === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  // What counts is what the tokens above it leave of its powers: the grant has that.
  const { alias: _alias, createdByTokenId: _maker, delegationDepth: _depth, tokenId: _id, ...powers } = grant;
  return ok({ message: 'Current auth token', data: introspectionView({ ...token, ...powers }, realmId) });
});
