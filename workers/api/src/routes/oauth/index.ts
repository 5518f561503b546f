import type { Operation } from '../../operation.ts';
import { authorize } from './authorize.ts';
import { authorizeDevice } from './authorize-device.ts';
import { cancelIntent } from './cancel-intent.ts';
import { createDeviceCode } from './create-device-code.ts';
import { denyDeviceOperation } from './deny-device.ts';
import { showDevicePage } from './device-page/show-page.ts';
import { submitDevicePage } from './device-page/submit-page.ts';
import { exchange } from './exchange.ts';
import { launchInitiate } from './launch-initiate.ts';
import { launchStart } from './launch-start.ts';
import { loginDevice } from './login-device.ts';
import { pollDeviceToken } from './poll-device-token.ts';
import { githubCallback, googleCallback } from './provider-callback.ts';
import { redirectToGithub, redirectToGoogle } from './redirect-to-provider.ts';
import { verifyDeviceCode } from './verify-device-code.ts';

/** Sign-in at other providers, by intent and code, and on devices. */
export const oauthOperations: readonly Operation[] = [
  redirectToGithub,
  githubCallback,
  redirectToGoogle,
  googleCallback,
  launchInitiate,
  launchStart,
  authorize,
  exchange,
  cancelIntent,
  createDeviceCode,
  pollDeviceToken,
  verifyDeviceCode,
  authorizeDevice,
  loginDevice,
  denyDeviceOperation,
  showDevicePage,
  submitDevicePage,
];
