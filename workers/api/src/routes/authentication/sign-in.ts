import { fail, ok } from '@control-plane/contract/errors';
import { approveDeviceCode, findTwoFactor, type SignInStep, type UserRow } from '@control-plane/database';
import type { RequestContext } from '../../context.ts';
import { openSession } from './session.ts';
import { keepStep, stepOfUser } from './sign-in-step.ts';
import { userView } from './user-view.ts';

/** How long the temp token of a second factor works. */
const SECOND_FACTOR_LIFETIME_MS = 5 * 60_000;
const INTENT_LIFETIME_MS = 10 * 60_000;

/**
 * What a client signs in for: tokens (`client`: what it calls itself), or an intent that only a code for
 * `codeChallenge` can come of.
 */
export type ClientGoal =
  | { readonly kind: 'tokens'; readonly client?: string }
  | { readonly kind: 'intent'; readonly codeChallenge: string | null };
/** The approval of a device that waits elsewhere. */
export interface DeviceGoal {
  readonly kind: 'device';
  readonly deviceCodeHash: string;
}
export type SignInGoal = ClientGoal | DeviceGoal;

const CLIENTS: readonly string[] = ['web', 'ssh', 'webssh', 'cli', 'sdk', 'agent'];

/** Other words than the known ones are taken, as `unknown`. */
function clientOf(word: string | null | undefined): { client?: string } {
  if (word === undefined || word === null) return {};
  return { client: CLIENTS.includes(word) ? word : 'unknown' };
}

/** The goal that a body's `response_mode` and `code_challenge` name. */
export function goalOf(body: {
  readonly response_mode?: 'intent' | 'tokens' | null | undefined;
  readonly code_challenge?: string | null | undefined;
  readonly client?: string | null | undefined;
}): ClientGoal {
  if (body.response_mode !== 'intent') return { kind: 'tokens', ...clientOf(body.client) };
  return { kind: 'intent', codeChallenge: body.code_challenge ?? null };
}

/** Ends a client's sign-in whose user has proven everything. ACCOUNT_BANNED. */
export async function completeSignIn(context: RequestContext, user: UserRow, goal: ClientGoal, now: number) {
  if (goal.kind === 'tokens') return openSession(context, user, now, goal.client);
  if (user.isBanned) return fail('ACCOUNT_BANNED', 'This account is banned');
  const step = { ...stepOfUser(user), codeChallenge: goal.codeChallenge };
  const intent = await keepStep(context, 'intent', INTENT_LIFETIME_MS, step, now);
  return ok({ auth_intent_token: intent, user: userView(user) });
}

/**
 * Lets a device go on as a user who has proven everything; it gets its tokens with its next poll.
 * ACCOUNT_BANNED; RESOURCE_NOT_FOUND when the device waits no longer.
 */
export async function approveDevice(
  { database }: Pick<RequestContext, 'database'>,
  user: UserRow,
  { deviceCodeHash }: DeviceGoal,
  now: number,
) {
  if (user.isBanned) return fail('ACCOUNT_BANNED', 'This account is banned');
  const isApproved = await approveDeviceCode(database, deviceCodeHash, user, now);
  if (!isApproved) return fail('RESOURCE_NOT_FOUND', 'The device no longer waits for an approval');
  return ok({ status: 'approved' as const });
}

/** Asks for the second factor: the temp token (5 min) remembers whose sign-in it is and what for. */
export async function beginSecondFactor(
  context: Pick<RequestContext, 'database'>,
  user: UserRow,
  goal: SignInGoal,
  now: number,
) {
  const aim =
    goal.kind === 'device'
      ? { deviceCodeHash: goal.deviceCodeHash }
      : goal.kind === 'intent'
        ? { responseMode: goal.kind, codeChallenge: goal.codeChallenge }
        : {};
  const step = { ...stepOfUser(user), ...aim };
  const tempToken = await keepStep(context, 'two_factor', SECOND_FACTOR_LIFETIME_MS, step, now);
  return { requires_2fa: true as const, temp_token: tempToken, method: 'totp' as const };
}

/**
 * The goal that the step of a temp token remembers. One that began with the intent mode or for a device
 * stays that; else the second request's `response_mode` decides.
 */
export function goalOfSecondFactor(
  step: SignInStep,
  body: { readonly response_mode?: 'intent' | 'tokens' | null | undefined },
): SignInGoal {
  if (step.deviceCodeHash !== null) return { kind: 'device', deviceCodeHash: step.deviceCodeHash };
  const isIntent = step.responseMode === 'intent' || body.response_mode === 'intent';
  return isIntent ? { kind: 'intent', codeChallenge: step.codeChallenge } : { kind: 'tokens' };
}

async function hasSecondFactor(
  { database }: Pick<RequestContext, 'database'>,
  user: UserRow,
): Promise<boolean> {
  const factor = await findTwoFactor(database, user.id);
  return factor !== null && factor.verifiedAt !== null;
}

/**
 * Goes on after the first proof (a password, a mail's token, another provider): with the second factor
 * where the account has one, else to the goal. ACCOUNT_BANNED.
 */
export async function signIn(context: RequestContext, user: UserRow, goal: ClientGoal, now: number) {
  if (user.isBanned) return fail('ACCOUNT_BANNED', 'This account is banned');
  if (await hasSecondFactor(context, user)) return ok(await beginSecondFactor(context, user, goal, now));
  return completeSignIn(context, user, goal, now);
}

/** As `signIn`, for the approval of a device. */
export async function signInForDevice(context: RequestContext, user: UserRow, goal: DeviceGoal, now: number) {
  if (user.isBanned) return fail('ACCOUNT_BANNED', 'This account is banned');
  if (await hasSecondFactor(context, user)) return ok(await beginSecondFactor(context, user, goal, now));
  return approveDevice(context, user, goal, now);
}
