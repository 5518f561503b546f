import { checkRateLimit } from '@control-plane/serving';
import { hashSecret, newUserCode, randomHex, secureRandom } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { deviceCode } from '@control-plane/contract/routes';
import { addDeviceCode } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { devicePageBase } from './device-page-uri.ts';
import { publicOrigin } from './public-origin.ts';

const LIFETIME_MS = 15 * 60_000;
/** Seconds between two polls; `slow_down` says the same number again. */
export const POLL_INTERVAL_S = 5;

/** Begins the sign-in of a device (RFC 8628 section 3.2). */
export const createDeviceCode = operation(deviceCode, async ({ body }, context) => {
  const { env, database, clientAddress, request } = context;
  const counted = await checkRateLimit(env, 'device-code', { clientAddress });
  if (!counted.ok) return counted;
  const now = Date.now();
  const code = randomHex(secureRandom, 32);
  let userCode = newUserCode(secureRandom);
  const device = {
    deviceCodeHash: hashSecret(code),
    clientName: body.client_name ?? body.client ?? null,
    codeChallenge: body.code_challenge ?? null,
    clientAddress,
    expiresAt: now + LIFETIME_MS,
    createdAt: now,
  };
  while (!(await addDeviceCode(database, { ...device, userCodeHash: hashSecret(userCode) }))) {
    userCode = newUserCode(secureRandom);
  }
  const page = devicePageBase(publicOrigin(env, request));
  return ok({
    message: 'Approve the device at verification_uri',
    data: {
      device_code: code,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?${new URLSearchParams({ user_code: userCode })}`,
      interval: POLL_INTERVAL_S,
      expires_in: LIFETIME_MS / 1000,
    },
  });
});
