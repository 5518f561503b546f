import { jwtKeys, checkRateLimit } from '@control-plane/serving';
import { equalSecrets, parseAuthorization, verifyJwt } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { authenticationRefreshToken } from '@control-plane/contract/routes';
import { findUser } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { tokenPair } from './session.ts';

/**
 * Exchanges a refresh token for a new pair; the old one lives on until it expires or its user logs out.
 * The token stands in the body; a client that sends an Authorization header too must send the same one.
 */
export const refresh = operation(authenticationRefreshToken, async ({ body }, context) => {
  const { env, database, clientAddress, request } = context;
  const counted = await checkRateLimit(env, 'refresh', { clientAddress });
  if (!counted.ok) return counted;

  const credential = parseAuthorization(request.headers.get('authorization'));
  const isSame = credential.kind === 'jwt' && equalSecrets(credential.text, body.refreshToken);
  if (credential.kind !== 'none' && !isSame) {
    return fail('INVALID_TOKEN', 'The bearer token differs from the refresh token in the body');
  }
  const now = Date.now();
  const verdict = await verifyJwt(await jwtKeys(env), body.refreshToken, 'refresh', now);
  if (verdict.kind === 'expired') return fail('TOKEN_EXPIRED', 'The refresh token has expired');
  if (verdict.kind === 'invalid') return fail('INVALID_TOKEN', 'The refresh token is not valid');
  const user = await findUser(database, verdict.subject.userId);
  if (user === null || user.sessionGeneration !== verdict.subject.sessionGeneration) {
    return fail('INVALID_TOKEN', 'The refresh token is not valid');
  }
  if (user.isBanned) return fail('ACCOUNT_BANNED', 'This account is banned');
  return ok({ message: 'Token refreshed', data: await tokenPair(context, user, now) });
});
