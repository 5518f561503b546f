import { fail, ok } from '@control-plane/contract/errors';
import { usersGetFreeTierStatus } from '@control-plane/contract/routes';
import { findUser, readFreeTier } from '@control-plane/database';
import { claimBlockedReason, freeServerNames, isGateSet, isUnlocked } from '../../accounts/free-tier.ts';
import { operation } from '../../operation.ts';

/** Whether the free tier is open to the caller, and what stands in the way of a free server. */
export const getFreeTierStatus = operation(usersGetFreeTierStatus, async (_input, context) => {
  const { database, env, principal } = context;
  const [user, facts] = await Promise.all([
    findUser(database, principal.userId),
    readFreeTier(database, principal.userId, freeServerNames(env)),
  ]);
  if (user === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  const unlocked = isUnlocked(env, user);
  const reason = claimBlockedReason(unlocked, facts);
  return ok({
    message: 'Free tier status',
    data: {
      gate_enabled: isGateSet(env),
      unlocked,
      has_free_server: facts.server !== null,
      can_claim: reason === 'none',
      claim_blocked_reason: reason,
      signup_code_failed: user.signupCodeFailed,
    },
  });
});
