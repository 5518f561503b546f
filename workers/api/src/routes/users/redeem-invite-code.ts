import { checkRateLimit } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract/errors';
import { usersRedeemInviteCode } from '@control-plane/contract/routes';
import { findUser, redeemInviteCode as redeem } from '@control-plane/database';
import { isGateSet } from '../../accounts/free-tier.ts';
import { inviteCodeHash } from '../../accounts/invite-code.ts';
import { provisionDefaults } from '../../accounts/provision-defaults.ts';
import { operation } from '../../operation.ts';

/** Opens the free tier with an invite code and sets the account up. One that has it uses no code up. */
export const redeemInviteCode = operation(usersRedeemInviteCode, async ({ body }, context) => {
  const { database, env, principal } = context;
  const { userId } = principal;
  const counted = await checkRateLimit(env, 'redeem-invite', { clientAddress: '', account: userId });
  if (!counted.ok) return counted;
  const outcome = await redeem(database, userId, inviteCodeHash(body.code), Date.now());
  if (outcome === 'refused') {
    const message = 'The invite code is unknown, used up or expired';
    return fail('VALIDATION_ERROR', message, { data: [{ instancePath: '/code', message }] });
  }
  const user = await findUser(database, userId);
  if (user === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  const provisioned = await provisionDefaults(context, user, null);
  return ok({
    message: 'The free tier is open to you',
    data: {
      unlocked: true,
      required: isGateSet(env),
      claim_blocked_reason: provisioned.server === null ? 'pool_empty' : 'none',
      ...provisioned,
    },
  });
});
