/** What the browser of whoever approves a device can do; the JSON routes and the page share it. */
import { checkPassword, checkRateLimit } from '@control-plane/serving';
import { equalSecrets, hashSecret, normalizeUserCode, randomHex, secureRandom } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  denyDeviceCode,
  findPendingDeviceCode,
  findPendingUserCode,
  findSignInStep,
  type DeviceCodeRow,
  type LoginName,
} from '@control-plane/database';
import type { RequestContext } from '../../context.ts';
import { approveDevice, signInForDevice } from '../authentication/sign-in.ts';
import { findUserStep, keepStep } from '../authentication/sign-in-step.ts';
import { proveSecondFactor } from '../tfa/verify.ts';
import { deviceCookie, deviceSecret } from './browser-binding.ts';

/** What a browser gets for a right user code. The ticket is good only beside the cookie. */
export interface DeviceTicket {
  readonly ticket: string;
  /** Value of a Set-Cookie header. */
  readonly cookie: string;
  readonly device: DeviceCodeRow;
  readonly lifetimeMs: number;
}

/**
 * Looks up what somebody typed. Ticket and cookie are fresh each time, so that a value that a stranger
 * planted or learned before is worth nothing. VALIDATION_ERROR for a code that nothing waits under;
 * RATE_LIMIT_EXCEEDED for guessing.
 */
export async function openDeviceTicket(
  context: RequestContext,
  typed: string,
): Promise<Result<DeviceTicket>> {
  const { env, database, clientAddress } = context;
  const counted = await checkRateLimit(env, 'device-verify', { clientAddress });
  if (!counted.ok) return counted;
  const now = Date.now();
  const userCode = normalizeUserCode(typed);
  const device = userCode === null ? null : await findPendingUserCode(database, hashSecret(userCode), now);
  if (device === null) return fail('VALIDATION_ERROR', 'No device waits with this code');
  const browser = randomHex(secureRandom, 32);
  const lifetimeMs = device.expiresAt - now;
  const step = { browserHash: hashSecret(browser), deviceCodeHash: device.deviceCodeHash };
  const ticket = await keepStep(context, 'device_ticket', lifetimeMs, step, now);
  return ok({ ticket, cookie: deviceCookie(browser, lifetimeMs), device, lifetimeMs });
}

/**
 * The device that a ticket stands for, if this browser holds its cookie. MISSING_TOKEN without a cookie;
 * null for a ticket that is unknown, expired or another browser's.
 */
export async function deviceOfTicket(
  { database, request }: RequestContext,
  ticket: string,
  now: number,
): Promise<Result<string | null>> {
  const browser = deviceSecret(request);
  if (!browser.ok) return browser;
  const step = await findSignInStep(database, 'device_ticket', hashSecret(ticket), now);
  const isOurs = step !== null && equalSecrets(hashSecret(browser.value), step.browserHash ?? '');
  return ok(isOurs ? step.deviceCodeHash : null);
}

/**
 * Approves with a password, or asks for the second factor. What is wrong leaves the ticket good.
 * RESOURCE_NOT_FOUND when the ticket is not this browser's, or its device waits no longer.
 */
export async function approveWithPassword(
  context: RequestContext,
  ticket: string,
  name: LoginName,
  password: string,
) {
  const { env, database, clientAddress, request, waitUntil } = context;
  const now = Date.now();
  const found = await deviceOfTicket(context, ticket, now);
  if (!found.ok) return found;
  const deviceCodeHash = found.value;
  const device = deviceCodeHash === null ? null : await findPendingDeviceCode(database, deviceCodeHash, now);
  if (device === null)
    return fail('RESOURCE_NOT_FOUND', 'The ticket is unknown or its device waits no longer');
  const user = await checkPassword({
    env,
    database,
    name,
    password,
    clientAddress,
    userAgent: request.headers.get('user-agent'),
    now,
    waitUntil,
  });
  if (!user.ok) return user;
  return signInForDevice(context, user.value, { kind: 'device', deviceCodeHash: device.deviceCodeHash }, now);
}

/**
 * Approves with the second factor that the first proof asked for. A wrong code leaves the temp token good
 * (INVALID_CREDENTIALS); one of a sign-in that is not for a device is INVALID_TOKEN.
 */
export async function approveWithSecondFactor(context: RequestContext, tempToken: string, code: string) {
  const pending = await findUserStep(context, 'two_factor', tempToken, Date.now());
  if (!pending.ok) return pending;
  const { deviceCodeHash } = pending.value.step;
  if (deviceCodeHash === null) return fail('INVALID_TOKEN', 'The token is unknown, used or expired');
  const proven = await proveSecondFactor(context, tempToken, code);
  if (!proven.ok) return proven;
  const { user, now } = proven.value;
  return approveDevice(context, user, { kind: 'device', deviceCodeHash }, now);
}

/**
 * Refuses a device. INVALID_TOKEN when the ticket is not this browser's; VALIDATION_ERROR when the device
 * was approved before, which stands.
 */
export async function denyDevice(context: RequestContext, ticket: string): Promise<Result<void>> {
  const now = Date.now();
  const found = await deviceOfTicket(context, ticket, now);
  if (!found.ok) return found;
  if (found.value === null) return fail('INVALID_TOKEN', 'The ticket is unknown or expired');
  const status = await denyDeviceCode(context.database, found.value, now);
  return status === 'denied'
    ? ok(undefined)
    : fail('VALIDATION_ERROR', 'The device was approved before, or its code has expired');
}
