import { fail, ok } from '@control-plane/contract/errors';
import { usersMarkOnboardingMilestone } from '@control-plane/contract/routes';
import { markMilestone, MILESTONES_MAX } from '@control-plane/database';
import { operation } from '../../operation.ts';

/** Notes that the caller reached a milestone; the first time stays. */
export const markOnboardingMilestone = operation(usersMarkOnboardingMilestone, async ({ body }, context) => {
  const { database, principal } = context;
  const onboarding = await markMilestone(database, principal.userId, body.milestone, Date.now());
  if (onboarding === null)
    return fail('VALIDATION_ERROR', `An account holds ${MILESTONES_MAX} milestones at most`);
  return ok({ message: 'Milestone noted', data: { onboarding: { ...onboarding } } });
});
