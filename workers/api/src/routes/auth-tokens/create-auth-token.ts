import { newAuthToken, randomTokenAlias, secureRandom, settleTokenRequest } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { authTokensCreate } from '@control-plane/contract/routes';
import { ACTIVE_TOKENS_MAX, createAuthToken as storeAuthToken } from '@control-plane/database';
import { scopeOf } from '../../context.ts';
import { randomObjectId } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { authTokenEventPayload, authTokenView } from './auth-token-view.ts';

/** Aliases drawn before giving up, when the client names none. */
const ALIAS_DRAWS_MAX = 8;

/**
 * Makes a token and shows its secret this once. A caller that is a token itself makes a sub-token, which
 * never may more than its maker.
 */
export const createAuthToken = operation(authTokensCreate, async ({ body }, context) => {
  const { database, principal, realmId, seedId } = context;
  const now = Date.now();
  const settled = settleTokenRequest(
    {
      ipWhitelist: body.ip_whitelist,
      permissionTemplate: body.permission_template,
      permissions: body.permissions,
      realmIds: body.realm_ids,
      allowNoRealm: body.allow_no_realm,
      vaultAccess: body.vault_access,
      eventAccess: body.event_access,
      denyReauthorization: body.deny_reauthorization,
      expiresAt: body.expires_at,
    },
    { parent: principal.grant, realmId, now },
  );
  if (!settled.ok) return settled;

  const secret = newAuthToken({ random: secureRandom, id: seedId });
  const wantedAlias = body.alias ?? null;
  for (let draw = 0; draw < ALIAS_DRAWS_MAX; draw += 1) {
    const token = {
      ...settled.value,
      id: secret.id,
      alias: wantedAlias ?? randomTokenAlias(secureRandom),
      secretHash: secret.hash,
      publicKey: body.public_key?.toLowerCase() ?? null,
      publicStorage: body.public_storage ?? null,
    };
    const outcome = await storeAuthToken(database, scopeOf(context), token, {
      id: randomObjectId(),
      userId: principal.userId,
      eventType: 'auth.token.created',
      resourceType: 'auth_token',
      resourceId: token.id,
      payload: authTokenEventPayload(token),
      realmIds: token.realmIds,
      now,
    });
    if (outcome.kind === 'created') {
      return ok({
        message: 'Auth token created',
        data: { ...authTokenView(outcome.token), token: secret.text },
      });
    }
    if (outcome.kind === 'limit_reached') {
      return fail('AUTH_TOKEN_LIMIT_REACHED', `An account can have ${ACTIVE_TOKENS_MAX} active tokens`, {
        data: { limit: ACTIVE_TOKENS_MAX },
      });
    }
    if (wantedAlias !== null) {
      return fail('DUPLICATE_TOKEN_ALIAS', `You have a token named ${JSON.stringify(wantedAlias)} already`);
    }
  }
  throw new Error('no free token alias was found');
});
