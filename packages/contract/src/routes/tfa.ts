import { type RouteDefinition, defineRoute } from '../route.ts';
import * as twoFactor from '../schemas/two-factor.ts';

const tag = 'tfa';

export const tfaSetup = defineRoute({
  operationId: 'tfa.setup',
  method: 'POST',
  path: '/api/v1/users/auth/2fa/setup',
  tag,
  summary: 'Set up a second factor; it has no effect until it is confirmed',
  auth: 'bearer',
  body: twoFactor.TwoFactorPasswordBody,
  success: [200],
  data: twoFactor.TwoFactorSetupData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const tfaVerifySetup = defineRoute({
  operationId: 'tfa.verifySetup',
  method: 'POST',
  path: '/api/v1/users/auth/2fa/verify-setup',
  tag,
  summary: 'Put the second factor in force with its first code',
  auth: 'bearer',
  body: twoFactor.TwoFactorConfirmBody,
  success: [200],
  data: twoFactor.TwoFactorConfirmData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const tfaVerify = defineRoute({
  operationId: 'tfa.verify',
  method: 'POST',
  path: '/api/v1/users/auth/2fa/verify',
  tag,
  summary: 'Finish a login with the second factor',
  auth: 'body-or-temp-token',
  body: twoFactor.TwoFactorVerifyBody,
  success: [200],
  data: twoFactor.TwoFactorVerifyData,
  errors: ['INVALID_CREDENTIALS', 'RESOURCE_NOT_FOUND', 'RATE_LIMIT_EXCEEDED'],
});

export const tfaGetStatus = defineRoute({
  operationId: 'tfa.getStatus',
  method: 'GET',
  path: '/api/v1/users/auth/2fa/status',
  tag,
  summary: 'Get whether a second factor is in force',
  auth: 'bearer',
  success: [200],
  data: twoFactor.TwoFactorStatusData,
  errors: [],
});

export const tfaRegenerateBackupCodes = defineRoute({
  operationId: 'tfa.regenerateBackupCodes',
  method: 'POST',
  path: '/api/v1/users/auth/2fa/backup-codes/regenerate',
  tag,
  summary: 'Replace the backup codes; the old ones stop working',
  auth: 'bearer',
  body: twoFactor.BackupCodesBody,
  success: [200],
  data: twoFactor.BackupCodesData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const tfaSetTokenGate = defineRoute({
  operationId: 'tfa.setTokenGate',
  method: 'PUT',
  path: '/api/v1/users/auth/2fa/token-gate',
  tag,
  summary: 'Set whether changing auth tokens needs a code',
  auth: 'bearer',
  body: twoFactor.TokenGateBody,
  success: [200],
  data: twoFactor.TokenGateData,
  errors: ['OTP_REQUIRED', 'RATE_LIMIT_EXCEEDED'],
  patchTwin: true,
});

export const tfaDisable = defineRoute({
  operationId: 'tfa.disable',
  method: 'DELETE',
  path: '/api/v1/users/auth/2fa',
  tag,
  summary: 'Remove the second factor',
  auth: 'bearer',
  body: twoFactor.TwoFactorDisableBody,
  success: [200],
  data: twoFactor.TwoFactorDisableData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const TFA_ROUTES: readonly RouteDefinition[] = [
  tfaSetup,
  tfaVerifySetup,
  tfaVerify,
  tfaGetStatus,
  tfaRegenerateBackupCodes,
  tfaSetTokenGate,
  tfaDisable,
];
