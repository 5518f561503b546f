import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract/errors';
import { authTokensList } from '@control-plane/contract/routes';
import { ACTIVE_TOKENS_MAX, listAuthTokens as loadAuthTokens } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { authTokenView } from './auth-token-view.ts';

/** The caller's tokens, newest first; a token sees itself and those minted beneath it. */
export const listAuthTokens = operation(authTokensList, async (_input, context) => {
  const callerTokenId = context.principal.grant?.tokenId ?? null;
  const limit = ACTIVE_TOKENS_MAX;
  const tokens = await loadAuthTokens(context.database, scopeOf(context), callerTokenId, limit + 1);
  return ok({
    message: 'Auth tokens',
    data: tokens.slice(0, limit).map(authTokenView),
    extra: { truncated: tokens.length > limit },
  });
});
