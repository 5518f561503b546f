import { fail } from '@control-plane/contract/errors';
import { ACTIVE_TOKENS_MAX } from '@control-plane/database';

/** A token that is missing, hidden by the realm, or outside the calling token's subtree; all look the same. */
export function tokenNotFound() {
  return fail('TOKEN_NOT_FOUND', 'Auth token not found');
}

/** The user has another token of that alias. */
export function duplicateTokenAlias(alias: string) {
  return fail('DUPLICATE_TOKEN_ALIAS', `You have a token named ${JSON.stringify(alias)} already`);
}

/** The account has as many living tokens as it may. */
export function tokenLimitReached() {
  return fail('AUTH_TOKEN_LIMIT_REACHED', `An account can have ${ACTIVE_TOKENS_MAX} active tokens`, {
    data: { limit: ACTIVE_TOKENS_MAX },
  });
}

/** A token of another account publishes that key. */
export function publicKeyTaken() {
  const message = 'is published by another account';
  return fail('VALIDATION_ERROR', `public_key ${message}`, {
    data: [{ instancePath: '/public_key', message }],
  });
}

/** A token manages those beneath it, never itself: it could widen its own powers. */
export function ownToken() {
  return fail('INSUFFICIENT_PERMISSIONS', 'A token can not change itself');
}
