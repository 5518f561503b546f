import { fail, ok } from '@control-plane/contract/errors';
import { tfaDisable } from '@control-plane/contract/routes';
import { removeTwoFactor } from '@control-plane/database';
import { freshSession } from '../../accounts/fresh-session.ts';
import { noteSecurityEvent } from '../../accounts/note-security-event.ts';
import { operation } from '../../operation.ts';
import { confirmWithBoth, twoFactorInForce } from './in-force.ts';

/** Removes the second factor with all its backup codes. Every session ends; the caller's goes on. */
export const disable = operation(tfaDisable, async ({ body }, context) => {
  const { database, principal } = context;
  const row = await twoFactorInForce(context);
  if (!row.ok) return row;
  const code = { text: body.code, path: '/code', backupCodes: true };
  const user = await confirmWithBoth(context, row.value, body.password, code);
  if (!user.ok) return user;
  const now = Date.now();
  const generation = await removeTwoFactor(database, principal.userId, now);
  if (generation === null) return fail('VALIDATION_ERROR', 'There is no second factor in force');
  noteSecurityEvent(context, principal.userId, '2fa_disabled', now);
  return ok({
    message: 'The second factor is removed',
    data: await freshSession(context, user.value, generation, now),
  });
});
