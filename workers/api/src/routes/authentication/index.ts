import type { Operation } from '../../operation.ts';
import { forgotPassword } from './forgot-password.ts';
import { getAvailableRegions } from './get-available-regions.ts';
import { getCurrentUser, getCurrentUserAlias } from './get-current-user.ts';
import { getOAuthConfig } from './get-oauth-config.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { refresh } from './refresh.ts';
import { resendVerification } from './resend-verification.ts';
import { resetPassword } from './reset-password.ts';
import { signup } from './signup.ts';
import { verifyEmail } from './verify-email.ts';

/** Every operation of the tag `authentication` that is served. */
export const authenticationOperations: readonly Operation[] = [
  signup,
  verifyEmail,
  resendVerification,
  forgotPassword,
  resetPassword,
  login,
  refresh,
  logout,
  getCurrentUser,
  getCurrentUserAlias,
  getAvailableRegions,
  getOAuthConfig,
];
