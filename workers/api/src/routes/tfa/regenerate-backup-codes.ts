import { mark, newBackupCodes, secureRandom } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { tfaRegenerateBackupCodes } from '@control-plane/contract/routes';
import { replaceBackupCodes } from '@control-plane/database';
import { noteSecurityEvent } from '../../accounts/note-security-event.ts';
import { operation } from '../../operation.ts';
import { twoFactorPlace, vaultKey } from '../../two-factor/vault-key.ts';
import { confirmWithBoth, twoFactorInForce } from './in-force.ts';

/** Replaces the backup codes, shown this once. A backup code itself can't ask for it. */
export const regenerateBackupCodes = operation(tfaRegenerateBackupCodes, async ({ body }, context) => {
  const { database, env, principal } = context;
  const { userId } = principal;
  const row = await twoFactorInForce(context);
  if (!row.ok) return row;
  const code = { text: body.code, path: '/code', backupCodes: false };
  const user = await confirmWithBoth(context, row.value, body.password, code);
  if (!user.ok) return user;
  const key = await vaultKey(env);
  const backupCodes = newBackupCodes(secureRandom);
  const hashes = backupCodes.map((backupCode) => mark(key, twoFactorPlace(userId), backupCode));
  const now = Date.now();
  await replaceBackupCodes(database, userId, hashes, now);
  noteSecurityEvent(context, userId, 'backup_codes_regenerated', now);
  return ok({ message: 'Keep these codes; the old ones are void', data: { backup_codes: backupCodes } });
});
