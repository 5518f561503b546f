import { scopeOf } from '@control-plane/serving';
import { newAuthToken, secureRandom, settleTokenCopy } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { TOKEN_ALIAS_LENGTH_MAX } from '@control-plane/contract';
import { authTokensCopy } from '@control-plane/contract/routes';
import { createAuthToken as storeAuthToken, findAuthToken } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { requireOtp } from '../../two-factor/require-otp.ts';
import { authTokenView } from './auth-token-view.ts';
import { duplicateTokenAlias, publicKeyTaken, tokenLimitReached, tokenNotFound } from './refusals.ts';
import { authTokenEvent } from './token-event.ts';
import { readLineage } from './token-lineage.ts';

const SUFFIX = ' copy';

/**
 * Makes a token of the powers that the source has now, and shows its secret this once. A token that copies
 * is the maker of the copy, which is within its powers.
 */
export const copyAuthToken = operation(authTokensCopy, async ({ params, body }, context) => {
  const { database, principal, seedId } = context;
  const scope = scopeOf(context);
  const source = await findAuthToken(database, scope, principal.grant?.tokenId ?? null, params.id);
  if (source === null) return tokenNotFound();
  const { own } = await readLineage(database, source);
  if (own === null) {
    return fail('INSUFFICIENT_PERMISSIONS', 'This token has no realm left that a copy could be used in');
  }
  const now = Date.now();
  const { deniesReauthorization } = source;
  const settled = settleTokenCopy({ ...own, deniesReauthorization }, body.expires_at, {
    caller: principal.grant,
    now,
  });
  if (!settled.ok) return settled;
  const passed = await requireOtp(context, body.otp_code);
  if (!passed.ok) return passed;
  const alias = body.alias ?? `${source.alias.slice(0, TOKEN_ALIAS_LENGTH_MAX - SUFFIX.length)}${SUFFIX}`;
  const secret = newAuthToken({ random: secureRandom, id: seedId });
  const token = {
    ...settled.value,
    id: secret.id,
    alias,
    secretHash: secret.hash,
    publicKey: source.publicKey,
    publicStorage: source.publicStorage,
  };
  const event = authTokenEvent('auth.token.created', token, principal.userId, now, {
    copied_from: source.id,
  });
  const outcome = await storeAuthToken(database, scope, token, event);
  switch (outcome.kind) {
    case 'created':
      return ok({
        message: 'Auth token copied',
        data: { ...authTokenView(outcome.token), token: secret.text },
      });
    case 'duplicate_alias':
      return duplicateTokenAlias(alias);
    case 'public_key_taken':
      return publicKeyTaken();
    case 'limit_reached':
      return tokenLimitReached();
  }
});
