import { scopeOf } from '@control-plane/serving';
import { settleTokenChange, type TokenChangeRequest } from '@control-plane/auth';
import { ok, type Result } from '@control-plane/contract/errors';
import {
  findAuthToken,
  updateAuthToken,
  type AuthTokenChanges,
  type AuthTokenRow,
} from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';
import { requireOtp } from '../../two-factor/require-otp.ts';
import {
  duplicateTokenAlias,
  ownToken,
  publicKeyTaken,
  tokenLimitReached,
  tokenNotFound,
} from './refusals.ts';
import { authTokenEvent } from './token-event.ts';
import { readLineage } from './token-lineage.ts';

/** Times that a change is settled anew because the token's realms were changed meanwhile. */
const ATTEMPTS_MAX = 5;

/** What a change is: members that are settled against the token's lineage, and those that are taken as sent. */
export interface TokenChange {
  readonly powers: TokenChangeRequest;
  readonly plain: Pick<AuthTokenChanges, 'alias' | 'publicKey' | 'publicStorage' | 'isEnabled'>;
}

/**
 * Changes a token that the caller manages. It counts from the next request on, for what the token minted as
 * well.
 *
 * @param otpCode the body's `otp_code`; a code is spent only on a change that nothing else speaks against
 * @param changeOf the change, made from the token as it is; null: it is so already and nothing is written
 */
export async function changeToken(
  context: AuthenticatedContext,
  tokenId: string,
  otpCode: string | null | undefined,
  changeOf: (token: AuthTokenRow) => TokenChange | null,
): Promise<Result<AuthTokenRow>> {
  const { database, principal, realmId } = context;
  const scope = scopeOf(context);
  const callerTokenId = principal.grant?.tokenId ?? null;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const token = await findAuthToken(database, scope, callerTokenId, tokenId);
    if (token === null) return tokenNotFound();
    if (token.id === callerTokenId) return ownToken();
    const change = changeOf(token);
    if (change === null) return ok(token);
    const { parent } = await readLineage(database, token);
    const now = Date.now();
    const settled = settleTokenChange(change.powers, token, {
      caller: principal.grant,
      parent,
      realmId,
      now,
    });
    if (!settled.ok) return settled;
    if (attempt === 0) {
      const passed = await requireOtp(context, otpCode);
      if (!passed.ok) return passed;
    }
    const changes: AuthTokenChanges = { ...change.plain, ...settled.value };
    const event = authTokenEvent(eventTypeOf(token, changes), token, principal.userId, now, {
      changes: changedFields(changes),
    });
    const update = await updateAuthToken(database, scope, callerTokenId, token, changes, event);
    switch (update.kind) {
      case 'updated':
        return ok(update.token);
      case 'missing':
        return tokenNotFound();
      case 'duplicate_alias':
        return duplicateTokenAlias(changes.alias ?? '');
      case 'public_key_taken':
        return publicKeyTaken();
      case 'limit_reached':
        return tokenLimitReached();
      case 'outdated':
    }
  }
  throw new Error('the realms of a token kept changing');
}

function eventTypeOf(token: AuthTokenRow, { isEnabled }: AuthTokenChanges) {
  if (isEnabled === undefined || isEnabled === token.isEnabled) return 'auth.token.updated';
  return isEnabled ? 'auth.token.enabled' : 'auth.token.disabled';
}

/** The names of what is changed, as the wire has them. */
function changedFields(changes: AuthTokenChanges): string[] {
  return Object.entries(changes)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}
