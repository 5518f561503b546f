import { hashSecret, randomHex, secureRandom } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  addSignInStep,
  findSignInStep,
  findUser,
  type NewSignInStep,
  type SignInStep,
  type SignInStepKind,
  type UserRow,
} from '@control-plane/database';
import type { RequestContext } from '../../context.ts';

type Stage = Pick<RequestContext, 'database'>;

/**
 * Keeps a step of a sign-in under way and gives the one-time secret (64 hex digits) that proves it.
 *
 * @param lifetimeMs how long it can be gone on from; `now` in Unix milliseconds
 */
export async function keepStep(
  { database }: Stage,
  kind: SignInStepKind,
  lifetimeMs: number,
  step: Partial<NewSignInStep>,
  now: number,
): Promise<string> {
  const secret = randomHex(secureRandom, 32);
  await addSignInStep(database, {
    ...step,
    secretHash: hashSecret(secret),
    kind,
    expiresAt: now + lifetimeMs,
    createdAt: now,
  });
  return secret;
}

/** What a step remembers of a user. */
export function stepOfUser(user: UserRow): Pick<SignInStep, 'userId' | 'sessionGeneration'> {
  return { userId: user.id, sessionGeneration: user.sessionGeneration };
}

/** The user of a step; null without one, and after logout-all or a new password. */
export async function userOfStep(
  { database }: Stage,
  step: Pick<SignInStep, 'userId' | 'sessionGeneration'>,
): Promise<UserRow | null> {
  if (step.userId === null) return null;
  const user = await findUser(database, step.userId);
  return user !== null && user.sessionGeneration === step.sessionGeneration ? user : null;
}

/**
 * The step that a one-time token proves, and its user. The step stays: whoever goes on from it takes it
 * (`takeSignInStep`) once everything else is right. INVALID_TOKEN, ACCOUNT_BANNED.
 */
export async function findUserStep(
  context: Stage,
  kind: SignInStepKind,
  token: string,
  now: number,
): Promise<Result<{ readonly step: SignInStep; readonly user: UserRow }>> {
  const step = await findSignInStep(context.database, kind, hashSecret(token), now);
  const user = step === null ? null : await userOfStep(context, step);
  if (step === null || user === null) return fail('INVALID_TOKEN', 'The token is unknown, used or expired');
  return user.isBanned ? fail('ACCOUNT_BANNED', 'This account is banned') : ok({ step, user });
}

const BEARER_PATTERN = /^Bearer ([0-9a-f]{64})$/;

/** The one-time token of an Authorization header: `Bearer` and 64 hex digits. MISSING_TOKEN, INVALID_TOKEN. */
export function bearerStepToken(request: Request): Result<string> {
  const header = request.headers.get('authorization');
  if (header === null || header === '') {
    return fail('MISSING_TOKEN', 'This route needs the token of a sign-in under way as Bearer');
  }
  const token = BEARER_PATTERN.exec(header)?.[1];
  return token === undefined ? fail('INVALID_TOKEN', 'The Authorization header is malformed') : ok(token);
}
