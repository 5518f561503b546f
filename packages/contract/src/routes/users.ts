import { type RouteDefinition, defineRoute } from '../route.ts';
import * as account from '../schemas/account.ts';
import { metadataPagination } from '../schemas/activity.ts';
import { IdParams } from '../schemas/scalars.ts';
import { User } from '../schemas/user.ts';

const tag = 'users';

export const usersGetFreeTierStatus = defineRoute({
  operationId: 'users.getFreeTierStatus',
  method: 'GET',
  path: '/api/v1/users/me/free-tier-status',
  tag,
  summary: 'Get whether the free tier is open to the caller',
  auth: 'bearer',
  permission: 'resources.read_account',
  success: [200],
  data: account.FreeTierStatusData,
  errors: [],
});

export const usersMarkOnboardingMilestone = defineRoute({
  operationId: 'users.markOnboardingMilestone',
  method: 'POST',
  path: '/api/v1/users/me/onboarding',
  tag,
  summary: 'Note that a milestone was reached; the first time stays',
  auth: 'bearer',
  body: account.MilestoneBody,
  success: [200],
  data: account.MilestoneData,
  errors: [],
});

export const usersRedeemInviteCode = defineRoute({
  operationId: 'users.redeemInviteCode',
  method: 'POST',
  path: '/api/v1/users/me/redeem-invite',
  tag,
  summary: 'Open the free tier with an invite code, and set the account up',
  auth: 'jwt',
  body: account.RedeemInviteBody,
  success: [200],
  data: account.RedeemInviteData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const usersRetrySetup = defineRoute({
  operationId: 'users.retrySetup',
  method: 'POST',
  path: '/api/v1/users/me/retry-setup',
  tag,
  summary: 'Give the account its default server, project and container where they are missing',
  auth: 'bearer',
  body: account.RetrySetupBody,
  bodyOptional: true,
  success: [200],
  data: account.RetrySetupData,
  errors: ['FREE_TIER_INVITE_REQUIRED', 'RATE_LIMIT_EXCEEDED'],
});

export const usersGetSecurityHistory = defineRoute({
  operationId: 'users.getSecurityHistory',
  method: 'GET',
  path: '/api/v1/users/me/security-history',
  tag,
  summary: "List the caller's logins and, on request, failures and changes of secrets",
  auth: 'bearer',
  permission: 'resources.read_account',
  query: account.SecurityHistoryQuery,
  success: [200],
  data: account.SecurityHistoryData,
  extra: metadataPagination,
  errors: [],
});

export const usersGet = defineRoute({
  operationId: 'users.get',
  method: 'GET',
  path: '/api/v1/users/{id}',
  tag,
  summary: 'Get a user: oneself, or anyone for an administrator',
  auth: 'bearer',
  params: IdParams,
  success: [200],
  data: User,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const usersUpdate = defineRoute({
  operationId: 'users.update',
  method: 'PUT',
  path: '/api/v1/users/{id}',
  tag,
  summary: 'Change a user: oneself, or anyone for an administrator',
  auth: 'bearer',
  permission: 'resources.read_account',
  params: IdParams,
  body: account.UpdateUserBody,
  success: [200],
  data: User,
  errors: ['RESOURCE_NOT_FOUND', 'RATE_LIMIT_EXCEEDED'],
  patchTwin: true,
});

export const USER_ROUTES: readonly RouteDefinition[] = [
  usersGetFreeTierStatus,
  usersMarkOnboardingMilestone,
  usersRedeemInviteCode,
  usersRetrySetup,
  usersGetSecurityHistory,
  usersGet,
  usersUpdate,
];
