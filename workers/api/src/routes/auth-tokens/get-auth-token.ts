import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { authTokensGet } from '@control-plane/contract/routes';
import { findAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { authTokenView } from './auth-token-view.ts';
import { tokenNotFound } from './refusals.ts';

/** One token that the caller sees. */
export const getAuthToken = operation(authTokensGet, async ({ params }, context) => {
  const callerTokenId = context.principal.grant?.tokenId ?? null;
  const token = await findAuthToken(context.database, scopeOf(context), callerTokenId, params.id);
  if (token === null) return tokenNotFound();
  return ok({ message: 'Auth token', data: authTokenView(token) });
});
