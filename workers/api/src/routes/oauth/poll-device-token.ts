import { checkRateLimit } from '@control-plane/serving';
import { hashSecret, provesChallenge } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { deviceToken } from '@control-plane/contract/routes';
import { pollDeviceCode, takeApprovedDeviceCode } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { openSession } from '../authentication/session.ts';
import { userOfStep } from '../authentication/sign-in-step.ts';
import { POLL_INTERVAL_S } from './create-device-code.ts';

function pending(
  code: 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token',
  message: string,
  detail: { readonly interval?: number } = {},
) {
  return fail(code, message, { data: { error: code, ...detail } });
}

/**
 * A device's poll (RFC 8628 section 3.4). The tokens are given once, and not for an approval that its user
 * ended since by a new password or logout-all. A device that began with a challenge must bring its verifier.
 */
export const pollDeviceToken = operation(deviceToken, async ({ body }, context) => {
  const { env, database, clientAddress } = context;
  const counted = await checkRateLimit(env, 'device-token', { clientAddress });
  if (!counted.ok) return counted;
  const now = Date.now();
  const hash = hashSecret(body.device_code);
  const poll = await pollDeviceCode(database, hash, POLL_INTERVAL_S * 1000, now);
  const over = () => pending('expired_token', 'The device code is unknown, used or expired');
  if (poll.kind === 'unknown') return over();
  if (poll.kind === 'early') {
    return pending('slow_down', `Poll every ${POLL_INTERVAL_S} seconds`, { interval: POLL_INTERVAL_S });
  }
  const { codeChallenge, status } = poll.row;
  if (codeChallenge !== null && !provesChallenge(codeChallenge, body.code_verifier ?? '')) {
    return pending('access_denied', 'The code_verifier is not the one that this sign-in began with');
  }
  if (status === 'denied') return pending('access_denied', 'The sign-in was refused');
  if (status === 'pending') return pending('authorization_pending', 'Nobody has approved the device yet');
  const taken = await takeApprovedDeviceCode(database, hash, now);
  const user = taken === null ? null : await userOfStep(context, taken);
  if (user === null) return over();
  const session = await openSession(context, user, now);
  return session.ok ? ok({ message: 'Signed in', data: session.value }) : session;
});
