import type { Operation } from '../../operation.ts';
import { getFreeTierStatus } from './get-free-tier-status.ts';
import { getSecurityHistory } from './get-security-history.ts';
import { getUser } from './get-user.ts';
import { markOnboardingMilestone } from './mark-onboarding-milestone.ts';
import { redeemInviteCode } from './redeem-invite-code.ts';
import { retrySetup } from './retry-setup.ts';
import { updateUser } from './update-user.ts';

/** Every operation of the tag `users`. */
export const userOperations: readonly Operation[] = [
  getFreeTierStatus,
  markOnboardingMilestone,
  redeemInviteCode,
  retrySetup,
  getSecurityHistory,
  getUser,
  updateUser,
];
