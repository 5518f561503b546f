import { type RouteDefinition, defineRoute } from '../route.ts';
import * as authentication from '../schemas/authentication.ts';
import { CurrentUser } from '../schemas/user.ts';

const tag = 'authentication';

export const authenticationSignup = defineRoute({
  operationId: 'authentication.signup',
  method: 'POST',
  path: '/api/v1/auth/signup',
  tag,
  summary: 'Register an account; the answer is the same when the address is taken',
  auth: 'public',
  body: authentication.SignupBody,
  success: [200],
  data: authentication.SignupData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const authenticationVerifyEmail = defineRoute({
  operationId: 'authentication.verifyEmail',
  method: 'POST',
  path: '/api/v1/auth/verify-email',
  tag,
  summary: 'Confirm an e-mail address with the token from the mail, and log in',
  auth: 'public',
  body: authentication.VerifyEmailBody,
  success: [200],
  data: authentication.VerifyEmailData,
  errors: ['ACCOUNT_BANNED', 'RATE_LIMIT_EXCEEDED'],
});

export const authenticationResendVerification = defineRoute({
  operationId: 'authentication.resendVerification',
  method: 'POST',
  path: '/api/v1/auth/resend-verification',
  tag,
  summary: 'Send the confirmation mail again; the answer is always the same',
  auth: 'public',
  body: authentication.ResendVerificationBody,
  success: [200],
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const authenticationForgotPassword = defineRoute({
  operationId: 'authentication.forgotPassword',
  method: 'POST',
  path: '/api/v1/auth/forgot-password',
  tag,
  summary: 'Send a mail with which a forgotten password is replaced; the answer is always the same',
  auth: 'public',
  body: authentication.ForgotPasswordBody,
  success: [200],
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const authenticationResetPassword = defineRoute({
  operationId: 'authentication.resetPassword',
  method: 'POST',
  path: '/api/v1/auth/reset-password',
  tag,
  summary: 'Set a new password with the token from the mail; every session ends',
  auth: 'public',
  body: authentication.ResetPasswordBody,
  success: [200],
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const authenticationLogin = defineRoute({
  operationId: 'authentication.login',
  method: 'POST',
  path: '/api/v1/users/auth/login',
  tag,
  summary: 'Log in with a password',
  auth: 'public',
  body: authentication.LoginBody,
  success: [200],
  data: authentication.LoginData,
  errors: ['INVALID_CREDENTIALS', 'EMAIL_NOT_VERIFIED', 'ACCOUNT_BANNED', 'RATE_LIMIT_EXCEEDED'],
});

export const authenticationRefreshToken = defineRoute({
  operationId: 'authentication.refreshToken',
  method: 'POST',
  path: '/api/v1/users/auth/refresh',
  tag,
  summary: 'Exchange a refresh token for a new pair',
  auth: 'refresh',
  body: authentication.RefreshTokenBody,
  success: [200],
  data: authentication.TokenPair,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const authenticationLogout = defineRoute({
  operationId: 'authentication.logout',
  method: 'POST',
  path: '/api/v1/users/auth/logout',
  tag,
  summary: "End all of the user's sessions; auth tokens stay",
  auth: 'active-or-banned',
  success: [200],
  errors: [],
});

const currentUser = {
  method: 'GET',
  tag,
  summary: 'Get the calling user',
  auth: 'active-or-banned',
  success: [200],
  data: CurrentUser,
  errors: [],
} as const;

export const authenticationGetCurrentUser = defineRoute({
  operationId: 'authentication.getCurrentUser',
  path: '/api/v1/users/auth/me',
  ...currentUser,
});

export const authenticationGetCurrentUserAlias = defineRoute({
  operationId: 'authentication.getCurrentUserAlias',
  path: '/api/v1/users/me',
  ...currentUser,
});

export const authenticationGetAvailableRegions = defineRoute({
  operationId: 'authentication.getAvailableRegions',
  method: 'GET',
  path: '/api/v1/auth/available-regions',
  tag,
  summary: 'List the regions that a new account can choose from',
  auth: 'public',
  success: [200],
  data: authentication.RegionListData,
  errors: [],
});

export const authenticationGetOAuthConfig = defineRoute({
  operationId: 'authentication.getOAuthConfig',
  method: 'GET',
  path: '/api/v1/auth/config',
  tag,
  summary: 'Get the ways of signing in that are offered',
  auth: 'public',
  success: [200],
  data: authentication.SignInConfig,
  errors: [],
});

export const AUTHENTICATION_ROUTES: readonly RouteDefinition[] = [
  authenticationSignup,
  authenticationVerifyEmail,
  authenticationResendVerification,
  authenticationForgotPassword,
  authenticationResetPassword,
  authenticationLogin,
  authenticationRefreshToken,
  authenticationLogout,
  authenticationGetCurrentUser,
  authenticationGetCurrentUserAlias,
  authenticationGetAvailableRegions,
  authenticationGetOAuthConfig,
];
