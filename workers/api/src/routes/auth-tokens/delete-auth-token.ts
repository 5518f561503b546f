import { fail, ok } from '@control-plane/contract/errors';
import { authTokensDelete } from '@control-plane/contract/routes';
import { deleteAuthToken as removeAuthToken, findAuthToken } from '@control-plane/database';
import { scopeOf } from '../../context.ts';
import { randomObjectId } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { authTokenEventPayload } from './auth-token-view.ts';

/** Deletes a token for good; it stops working with the next request. A token manages those beneath it only. */
export const deleteAuthToken = operation(authTokensDelete, async ({ params }, context) => {
  const { database, principal } = context;
  const scope = scopeOf(context);
  const callerTokenId = principal.grant?.tokenId ?? null;
  const token = await findAuthToken(database, scope, callerTokenId, params.id);
  if (token === null) return fail('TOKEN_NOT_FOUND', 'Auth token not found');
  const removed = await removeAuthToken(database, scope, callerTokenId, token, {
    id: randomObjectId(),
    userId: principal.userId,
    eventType: 'auth.token.deleted',
    resourceType: 'auth_token',
    resourceId: token.id,
    payload: authTokenEventPayload(token),
    realmIds: token.realmIds,
    now: Date.now(),
  });
  if (!removed) return fail('TOKEN_NOT_FOUND', 'Auth token not found');
  return ok({ message: 'Auth token deleted', data: null });
});
