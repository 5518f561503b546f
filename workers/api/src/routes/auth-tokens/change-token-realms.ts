import { ok } from '@control-plane/contract/errors';
import { authTokensAddRealm, authTokensRemoveRealm } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { authTokenView } from './auth-token-view.ts';
import { changeToken } from './change-token.ts';

/** Adds a realm to a token; one that is there already changes nothing. */
export const addTokenRealm = operation(authTokensAddRealm, async ({ params, body }, context) => {
  const changed = await changeToken(context, params.id, body.otp_code, ({ realmIds }) =>
    realmIds.includes(body.realm_id)
      ? null
      : { powers: { realmIds: [...realmIds, body.realm_id] }, plain: {} },
  );
  return changed.ok ? ok({ message: 'Realm added', data: authTokenView(changed.value) }) : changed;
});

/**
 * Takes a realm from a token; one that isn't there changes nothing. Without its last realm a token is bound
 * to none, so that this widens what it reaches, as the contract says.
 */
export const removeTokenRealm = operation(authTokensRemoveRealm, async ({ params, body }, context) => {
  const changed = await changeToken(context, params.id, body.otp_code, ({ realmIds }) =>
    realmIds.includes(body.realm_id)
      ? { powers: { realmIds: realmIds.filter((id) => id !== body.realm_id) }, plain: {} }
      : null,
  );
  return changed.ok ? ok({ message: 'Realm removed', data: authTokenView(changed.value) }) : changed;
});
