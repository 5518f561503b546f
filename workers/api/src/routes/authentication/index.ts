import type { Operation } from '../../operation.ts';
import { getAvailableRegions } from './get-available-regions.ts';
import { getCurrentUser, getCurrentUserAlias } from './get-current-user.ts';
import { getOAuthConfig } from './get-oauth-config.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { refresh } from './refresh.ts';
import { resendVerification } from './resend-verification.ts';
import { signup } from './signup.ts';
import { verifyEmail } from './verify-email.ts';

/** Every operation of the tag `authentication` that is served. */
export const authenticationOperations: readonly Operation[] = [
  signup,
  verifyEmail,
  resendVerification,
  login,
  refresh,
  logout,
  getCurrentUser,
  getCurrentUserAlias,
  getAvailableRegions,
  getOAuthConfig,
];
