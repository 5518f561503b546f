import { fail, ok } from '@control-plane/contract/errors';
import { authTokensUpdatePublicProfile } from '@control-plane/contract/routes';
import { findAuthToken, updateAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { authTokenView } from './auth-token-view.ts';
import { publicKeyTaken } from './refusals.ts';
import { authTokenEvent } from './token-event.ts';

/** Sets what the calling token publishes of itself; a key belongs to the account that published it first. */
export const updatePublicProfile = operation(authTokensUpdatePublicProfile, async ({ body }, context) => {
  const { database, principal } = context;
  const tokenId = principal.grant?.tokenId;
  if (tokenId === undefined) throw new Error('an auth-token route was called without an auth token');
  // A token sees itself wherever it may be used.
  const scope = { userId: principal.userId, realmId: null };
  const token = await findAuthToken(database, scope, tokenId, tokenId);
  if (token === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  const changes = {
    publicKey: body.public_key?.toLowerCase() ?? body.public_key,
    publicStorage: body.public_storage,
  };
  const event = authTokenEvent('auth.token.updated', token, principal.userId, Date.now(), {
    changes: ['public_profile'],
  });
  const update = await updateAuthToken(database, scope, tokenId, token, changes, event);
  if (update.kind === 'public_key_taken') return publicKeyTaken();
  if (update.kind !== 'updated') return fail('INVALID_TOKEN', 'The credential is not valid');
  return ok({ message: 'Public profile updated', data: authTokenView(update.token) });
});
