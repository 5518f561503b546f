import { scopeOf } from '@control-plane/serving';
import { newAuthToken, randomTokenAlias, secureRandom, settleTokenRequest } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { authTokensCreate } from '@control-plane/contract/routes';
import { createAuthToken as storeAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { requireOtp } from '../../two-factor/require-otp.ts';
import { authTokenView } from './auth-token-view.ts';
import { duplicateTokenAlias, publicKeyTaken, tokenLimitReached } from './refusals.ts';
import { authTokenEvent } from './token-event.ts';

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
  const passed = await requireOtp(context, body.otp_code);
  if (!passed.ok) return passed;

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
    const event = authTokenEvent('auth.token.created', token, principal.userId, now);
    const outcome = await storeAuthToken(database, scopeOf(context), token, event);
    if (outcome.kind === 'created') {
      return ok({
        message: 'Auth token created',
        data: { ...authTokenView(outcome.token), token: secret.text },
      });
    }
    if (outcome.kind === 'limit_reached') return tokenLimitReached();
    if (outcome.kind === 'public_key_taken') return publicKeyTaken();
    if (wantedAlias !== null) return duplicateTokenAlias(wantedAlias);
  }
  throw new Error('no free token alias was found');
});
