import { type RouteDefinition, defineRoute } from '../route.ts';
import * as oauth from '../schemas/oauth.ts';

const tag = 'authentication';
const LIMITED = ['RATE_LIMIT_EXCEEDED'] as const;

export const oauthGithubRedirect = defineRoute({
  operationId: 'authentication.githubOAuthRedirect',
  method: 'GET',
  path: '/api/v1/auth/github',
  tag,
  summary: 'Send the browser to GitHub to sign in',
  auth: 'public',
  query: oauth.GithubRedirectQuery,
  success: [302],
  errors: LIMITED,
});

export const oauthGoogleRedirect = defineRoute({
  operationId: 'authentication.googleOAuthRedirect',
  method: 'GET',
  path: '/api/v1/auth/google',
  tag,
  summary: 'Send the browser to Google to sign in',
  auth: 'public',
  query: oauth.GoogleRedirectQuery,
  success: [302],
  errors: LIMITED,
});

const callback = {
  method: 'GET',
  tag,
  auth: 'public',
  query: oauth.OauthCallbackQuery,
  success: [302],
  errors: ['INVALID_CREDENTIALS', 'EMAIL_NOT_VERIFIED', 'ACCOUNT_BANNED', 'INSUFFICIENT_PERMISSIONS'],
} as const;

export const oauthGithubCallback = defineRoute({
  operationId: 'authentication.githubOAuthCallback',
  path: '/api/v1/auth/github/callback',
  summary: 'Where GitHub sends the browser back to',
  ...callback,
});

export const oauthGoogleCallback = defineRoute({
  operationId: 'authentication.googleOAuthCallback',
  path: '/api/v1/auth/google/callback',
  summary: 'Where Google sends the browser back to',
  ...callback,
});

export const oauthLaunchInitiate = defineRoute({
  operationId: 'authentication.oauthLaunchInitiate',
  method: 'POST',
  path: '/api/v1/auth/launch/initiate',
  tag,
  summary: 'Prepare a sign-in in the system browser, for an application that is no page',
  auth: 'public',
  body: oauth.LaunchInitiateBody,
  success: [200],
  data: oauth.LaunchInitiateData,
  errors: LIMITED,
});

export const oauthLaunchStart = defineRoute({
  operationId: 'authentication.oauthLaunchStart',
  method: 'GET',
  path: '/api/v1/auth/launch/start',
  tag,
  summary: 'Begin a prepared sign-in in this browser; works once',
  auth: 'public',
  query: oauth.LaunchStartQuery,
  success: [302],
  errors: LIMITED,
});

export const oauthAuthorize = defineRoute({
  operationId: 'authentication.oauthAuthorize',
  method: 'POST',
  path: '/api/v1/auth/authorize',
  tag,
  summary: 'Turn an intent into an authorization code for an application',
  auth: 'temp-token',
  body: oauth.OauthAuthorizeBody,
  success: [200],
  data: oauth.OauthAuthorizeData,
  errors: [],
});

export const oauthExchange = defineRoute({
  operationId: 'authentication.oauthExchange',
  method: 'POST',
  path: '/api/v1/auth/exchange',
  tag,
  summary: 'Exchange an authorization code and its PKCE verifier for tokens; works once',
  auth: 'public',
  body: oauth.OauthExchangeBody,
  success: [200],
  data: oauth.OauthExchangeData,
  errors: ['ACCOUNT_BANNED', 'RATE_LIMIT_EXCEEDED'],
});

export const oauthCancelIntent = defineRoute({
  operationId: 'authentication.oauthCancelIntent',
  method: 'POST',
  path: '/api/v1/auth/intent/cancel',
  tag,
  summary: 'Give up a sign-in under way; repeating it changes nothing',
  auth: 'temp-token',
  success: [200],
  errors: [],
});

export const OAUTH_ROUTES: readonly RouteDefinition[] = [
  oauthGithubRedirect,
  oauthGithubCallback,
  oauthGoogleRedirect,
  oauthGoogleCallback,
  oauthLaunchInitiate,
  oauthLaunchStart,
  oauthAuthorize,
  oauthExchange,
  oauthCancelIntent,
];
