import { fail, ok } from '@control-plane/contract/errors';
import { tfaVerifySetup } from '@control-plane/contract/routes';
import { confirmTwoFactor, findTwoFactor, findUser } from '@control-plane/database';
import { freshSession } from '../../accounts/fresh-session.ts';
import { noteSecurityEvent } from '../../accounts/note-security-event.ts';
import { operation } from '../../operation.ts';
import { confirmWithCode } from '../../two-factor/check-code.ts';
import { wrongCode } from '../../two-factor/require-otp.ts';
import { timestamp } from '../authentication/user-view.ts';

/** Puts a second factor in force. Sessions opened without it end; the caller's goes on with fresh tokens. */
export const verifySetup = operation(tfaVerifySetup, async ({ body }, context) => {
  const { database, principal } = context;
  const { userId } = principal;
  const now = Date.now();
  const [row, user] = await Promise.all([findTwoFactor(database, userId), findUser(database, userId)]);
  if (row === null || user === null) return fail('VALIDATION_ERROR', 'Set a second factor up first');
  if (row.verifiedAt !== null) return fail('VALIDATION_ERROR', 'The second factor is in force already');
  const generation = await confirmWithCode(context, row, body.code, now, (step) =>
    confirmTwoFactor(database, userId, row.sealedSecret, step, now),
  );
  if (!generation.ok) return generation;
  if (generation.value === null) return wrongCode('/code');
  noteSecurityEvent(context, userId, '2fa_enabled', now);
  return ok({
    message: 'The second factor is in force',
    data: {
      enabled: true,
      enabled_at: timestamp(now),
      ...(await freshSession(context, user, generation.value, now)),
    },
  });
});
