import { fail, ok } from '@control-plane/contract/errors';
import { tfaSetTokenGate } from '@control-plane/contract/routes';
import { setTokenGate as storeTokenGate } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { confirmWithBoth, twoFactorInForce } from './in-force.ts';

/** Sets whether changing auth tokens needs a code. Turning it off needs password and code, on neither. */
export const setTokenGate = operation(tfaSetTokenGate, async ({ body }, context) => {
  const { database, principal } = context;
  const row = await twoFactorInForce(context);
  if (body.enabled) {
    // Without a second factor the gate stands ready: it is on by default.
    if (row.ok) await storeTokenGate(database, principal.userId, true);
    return ok({ message: 'The token gate is on', data: { require_for_tokens: true } });
  }
  if (!row.ok) return row;
  const { password, otp_code: otpCode } = body;
  if (password === undefined || password === null) {
    const message = 'Turning the gate off needs the password';
    return fail('VALIDATION_ERROR', message, { data: [{ instancePath: '/password', message }] });
  }
  if (otpCode === undefined || otpCode === null || otpCode === '') {
    return fail('OTP_REQUIRED', 'Turning the gate off needs a code of your second factor as otp_code');
  }
  const code = { text: otpCode, path: '/otp_code', backupCodes: true };
  const user = await confirmWithBoth(context, row.value, password, code);
  if (!user.ok) return user;
  await storeTokenGate(database, principal.userId, false);
  return ok({ message: 'The token gate is off', data: { require_for_tokens: false } });
});
