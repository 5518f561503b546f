import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { authTokensDelete } from '@control-plane/contract/routes';
import { deleteAuthToken as removeAuthToken, findAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { tokenNotFound } from './refusals.ts';
import { authTokenEvent } from './token-event.ts';

/** Deletes a token for good; it stops working with the next request. A token manages those beneath it only. */
export const deleteAuthToken = operation(authTokensDelete, async ({ params }, context) => {
  const { database, principal } = context;
  const scope = scopeOf(context);
  const callerTokenId = principal.grant?.tokenId ?? null;
  const token = await findAuthToken(database, scope, callerTokenId, params.id);
  if (token === null) return tokenNotFound();
  const event = authTokenEvent('auth.token.deleted', token, principal.userId, Date.now());
  const removed = await removeAuthToken(database, scope, callerTokenId, token, event);
  if (!removed) return tokenNotFound();
  return ok({ message: 'Auth token deleted', data: null });
});
