import { hashPassword, needsRehash, secureRandom, verifyPassword } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  findUserByLogin,
  recordLogin,
  renewPasswordHash,
  type Database,
  type LoginName,
  type UserRow,
} from '@control-plane/database';
import type { ServingEnv } from '../env.ts';
import { randomObjectId } from '../ids.ts';
import { checkRateLimit } from '../rate-limit.ts';

export interface PasswordAttempt {
  readonly env: Pick<ServingEnv, 'RATE_LIMITS'>;
  readonly database: Database;
  readonly name: LoginName;
  readonly password: string;
  readonly clientAddress: string;
  readonly userAgent: string | null;
  /** Unix milliseconds. */
  readonly now: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/**
 * Checks a name and password, under the login limiter (which counts failures only). An unknown name takes
 * the time of a wrong password and gets the same answer; what else is wrong with the account is told only
 * to whoever knows the password.
 *
 * @returns the user; INVALID_CREDENTIALS, EMAIL_NOT_VERIFIED or RATE_LIMIT_EXCEEDED. A ban is the caller's
 *   to judge.
 */
export async function checkPassword(attempt: PasswordAttempt): Promise<Result<UserRow>> {
  const { database, name, password, clientAddress, waitUntil } = attempt;
  const account = 'email' in name ? name.email.toLowerCase() : name.username;
  const counted = await checkRateLimit(attempt.env, 'login', { clientAddress, account });
  if (!counted.ok) return counted;
  const user = await findUserByLogin(database, name);
  const isRight = await verifyPassword(password, user?.passwordHash ?? null);
  if (user === null || !isRight) {
    // For nobody the same statements are sent, which then find nobody: see enumeration.test.ts.
    waitUntil(recordFailure(attempt, user?.id ?? randomObjectId()));
    return fail('INVALID_CREDENTIALS', 'Wrong username, e-mail address or password');
  }
  waitUntil(counted.value.forgive());
  if (!user.emailVerified) return fail('EMAIL_NOT_VERIFIED', 'Confirm your e-mail address first');
  if (needsRehash(user.passwordHash)) {
    waitUntil(
      hashPassword(password, secureRandom).then((hash) =>
        renewPasswordHash(database, user.id, user.passwordHash, hash),
      ),
    );
  }
  return ok(user);
}

function recordFailure(attempt: PasswordAttempt, userId: string): Promise<void> {
  const { database, clientAddress, userAgent, now } = attempt;
  return recordLogin(database, {
    id: randomObjectId(),
    userId,
    clientAddress,
    userAgent,
    succeeded: false,
    now,
  });
}
