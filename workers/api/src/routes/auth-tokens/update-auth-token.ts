import { ok } from '@control-plane/contract/errors';
import { authTokensUpdate } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { authTokenView } from './auth-token-view.ts';
import { changeToken } from './change-token.ts';

/** Changes a token; what is not named stays. A sub-token stays within the token above it. */
export const updateAuthToken = operation(authTokensUpdate, async ({ params, body }, context) => {
  const changed = await changeToken(context, params.id, body.otp_code, () => ({
    powers: {
      ipWhitelist: body.ip_whitelist,
      permissions: body.permissions,
      realmIds: body.realm_ids,
      allowNoRealm: body.allow_no_realm,
      vaultAccess: body.vault_access,
      eventAccess: body.event_access,
      expiresAt: body.expires_at,
    },
    plain: {
      alias: body.alias,
      publicKey: body.public_key?.toLowerCase() ?? body.public_key,
      publicStorage: body.public_storage,
      isEnabled: body.is_enabled,
    },
  }));
  return changed.ok ? ok({ message: 'Auth token updated', data: authTokenView(changed.value) }) : changed;
});
