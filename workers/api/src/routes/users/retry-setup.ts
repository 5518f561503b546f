import { checkRateLimit } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract/errors';
import { usersRetrySetup } from '@control-plane/contract/routes';
import { findUser, listRegions, readFreeTier } from '@control-plane/database';
import { freeServerNames, isUnlocked } from '../../accounts/free-tier.ts';
import { provisionDefaults } from '../../accounts/provision-defaults.ts';
import { operation } from '../../operation.ts';

/**
 * Gives the account whatever of its default server, project and container is missing. Calling it again
 * changes nothing; once a minute.
 */
export const retrySetup = operation(usersRetrySetup, async ({ body }, context) => {
  const { database, env, principal } = context;
  const { userId } = principal;
  const region = body.region ?? null;
  if (region !== null && !(await listRegions(database)).some((known) => known.region === region)) {
    const message = `There is no region ${JSON.stringify(region)}`;
    return fail('VALIDATION_ERROR', message, { data: [{ instancePath: '/region', message }] });
  }
  const counted = await checkRateLimit(env, 'retry-setup', { clientAddress: '', account: userId });
  if (!counted.ok) return counted;
  const user = await findUser(database, userId);
  if (user === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  const { server } = await readFreeTier(database, userId, freeServerNames(env));
  if (server === null && !isUnlocked(env, user)) {
    return fail('FREE_TIER_INVITE_REQUIRED', 'The free tier opens with an invite code');
  }
  const provisioned = await provisionDefaults(context, user, region);
  return ok({ message: 'Account set up', data: { ...provisioned, blocked_reason: null } });
});
