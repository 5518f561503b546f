import { type RouteDefinition, defineRoute } from '../route.ts';
import * as oauth from '../schemas/oauth.ts';

const tag = 'authentication';

export const deviceCode = defineRoute({
  operationId: 'authentication.oauthDeviceCode',
  method: 'POST',
  path: '/api/v1/auth/device/code',
  tag,
  summary: 'Begin the sign-in of a device without a browser',
  auth: 'public',
  body: oauth.DeviceCodeBody,
  success: [200],
  data: oauth.DeviceCodeData,
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const deviceToken = defineRoute({
  operationId: 'authentication.oauthDeviceToken',
  method: 'POST',
  path: '/api/v1/auth/device/token',
  tag,
  summary: 'Ask whether the device was approved; its tokens are given once',
  auth: 'public',
  body: oauth.DeviceTokenBody,
  success: [200],
  data: oauth.OauthExchangeData,
  errors: [
    'authorization_pending',
    'slow_down',
    'access_denied',
    'expired_token',
    'ACCOUNT_BANNED',
    'RATE_LIMIT_EXCEEDED',
  ],
});

export const deviceVerifyCode = defineRoute({
  operationId: 'authentication.oauthDeviceVerifyCode',
  method: 'POST',
  path: '/api/v1/auth/device/verify_code',
  tag,
  summary: "Look a device's code up for the page; gives this browser a ticket and a cookie",
  auth: 'public',
  body: oauth.DeviceVerifyCodeBody,
  success: [200],
  data: oauth.DeviceVerifyCodeData,
  errors: ['INSUFFICIENT_PERMISSIONS', 'RATE_LIMIT_EXCEEDED'],
});

export const deviceAuthorize = defineRoute({
  operationId: 'authentication.oauthDeviceAuthorize',
  method: 'GET',
  path: '/api/v1/auth/device/authorize',
  tag,
  summary: 'Approve a device by signing in at a provider',
  auth: 'device-cookie',
  query: oauth.DeviceAuthorizeQuery,
  success: [302],
  errors: ['RATE_LIMIT_EXCEEDED'],
});

export const deviceLogin = defineRoute({
  operationId: 'authentication.oauthDeviceLogin',
  method: 'POST',
  path: '/api/v1/auth/device/login',
  tag,
  summary: 'Approve a device with a password',
  auth: 'device-cookie',
  body: oauth.DeviceLoginBody,
  bodyError: 'UNPROCESSABLE_BODY',
  success: [200],
  data: oauth.DeviceLoginData,
  errors: [
    'VALIDATION_ERROR',
    'INVALID_CREDENTIALS',
    'EMAIL_NOT_VERIFIED',
    'RESOURCE_NOT_FOUND',
    'RATE_LIMIT_EXCEEDED',
  ],
});

export const deviceDeny = defineRoute({
  operationId: 'authentication.oauthDeviceDeny',
  method: 'POST',
  path: '/api/v1/auth/device/deny',
  tag,
  summary: 'Refuse a device; an approval stays',
  auth: 'device-cookie',
  body: oauth.DeviceDenyBody,
  success: [200],
  data: oauth.DeviceDenyData,
  errors: [],
});

const page = {
  path: '/api/v1/auth/device',
  tag,
  auth: 'public',
  success: [200],
  contentType: 'text/html',
  extension: true,
} as const;

export const devicePage = defineRoute({
  operationId: 'authentication.getDevicePage',
  method: 'GET',
  summary: 'Read the page on which a device is approved',
  query: oauth.DevicePageQuery,
  errors: [],
  ...page,
});

export const devicePageStep = defineRoute({
  operationId: 'authentication.submitDevicePage',
  method: 'POST',
  summary: 'Take a step on the page on which a device is approved',
  body: oauth.DevicePageBody,
  formBody: true,
  errors: ['INSUFFICIENT_PERMISSIONS'],
  ...page,
});

export const DEVICE_ROUTES: readonly RouteDefinition[] = [
  deviceCode,
  deviceToken,
  deviceVerifyCode,
  deviceAuthorize,
  deviceLogin,
  deviceDeny,
  devicePage,
  devicePageStep,
];
