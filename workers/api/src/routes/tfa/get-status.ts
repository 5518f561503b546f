import { ok } from '@control-plane/contract/errors';
import { tfaGetStatus } from '@control-plane/contract/routes';
import { countBackupCodes, findTwoFactor } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { timestamp } from '../authentication/user-view.ts';

/** Whether the caller has a second factor in force, and how many backup codes are left. */
export const getStatus = operation(tfaGetStatus, async (_input, { database, principal }) => {
  const row = await findTwoFactor(database, principal.userId);
  const enabledAt = row?.verifiedAt ?? null;
  const isOn = enabledAt !== null;
  return ok({
    message: 'Second factor status',
    data: {
      enabled: isOn,
      verified: isOn,
      ...(enabledAt === null ? {} : { enabled_at: timestamp(enabledAt) }),
      backup_codes_remaining: isOn ? await countBackupCodes(database, principal.userId) : 0,
      require_for_tokens: row?.requireForTokens ?? true,
    },
  });
});
