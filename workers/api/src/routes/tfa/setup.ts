import { mark, newBackupCodes, newTotpSecret, seal, secureRandom, totpUri } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { tfaSetup } from '@control-plane/contract/routes';
import { findTwoFactor, setUpTwoFactor } from '@control-plane/database';
import { confirmPassword } from '../../accounts/confirm-password.ts';
import { operation } from '../../operation.ts';
import { twoFactorPlace, vaultKey } from '../../two-factor/vault-key.ts';
import { qrCode } from './qr-code.ts';

const IN_FORCE = 'A second factor is in force already; remove it before you set another up';
const IV_BYTES = 12;

/** Sets a second factor up. Secret and backup codes are shown this once; it counts when it is confirmed. */
export const setup = operation(tfaSetup, async ({ body }, context) => {
  const { database, env, principal } = context;
  const { userId } = principal;
  const user = await confirmPassword(context, body.password, 'password');
  if (!user.ok) return user;
  const known = await findTwoFactor(database, userId);
  if (known !== null && known.verifiedAt !== null) return fail('VALIDATION_ERROR', IN_FORCE);

  const key = await vaultKey(env);
  const place = twoFactorPlace(userId);
  const secret = newTotpSecret(secureRandom);
  const backupCodes = newBackupCodes(secureRandom);
  const isSetUp = await setUpTwoFactor(database, {
    userId,
    sealedSecret: await seal(key, place, secret, crypto.getRandomValues(new Uint8Array(IV_BYTES))),
    backupCodeHashes: backupCodes.map((code) => mark(key, place, code)),
    now: Date.now(),
  });
  if (!isSetUp) return fail('VALIDATION_ERROR', IN_FORCE);
  return ok({
    message: 'Scan the QR code, then confirm with its first code',
    data: {
      qr_code: qrCode(totpUri(secret, env.API_DOMAIN, user.value.email)),
      manual_entry_key: secret,
      backup_codes: backupCodes,
    },
  });
});
