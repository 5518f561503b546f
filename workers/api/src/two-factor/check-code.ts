import { checkRateLimit } from '@control-plane/serving';
import { mark, readBackupCode, TOTP_CODE_PATTERN, totpStepOf, unseal } from '@control-plane/auth';
import { ok, type Result } from '@control-plane/contract/errors';
import { spendBackupCode, spendTotpStep, type TwoFactorRow } from '@control-plane/database';
import type { RequestContext } from '../context.ts';
import { twoFactorPlace, vaultKey } from './vault-key.ts';

type Stage = Pick<RequestContext, 'env' | 'database' | 'waitUntil'>;

/**
 * Runs `prove` under the limiter of a user's codes: 5 wrong ones in 15 minutes, wherever they come from, so
 * that nobody can guess one of a million. Counted before the code is looked at: parallel guesses count too.
 *
 * @returns what `prove` gives (null: the code was wrong), or RATE_LIMIT_EXCEEDED
 */
async function limited<T>(
  { env, waitUntil }: Stage,
  userId: string,
  prove: () => Promise<T | null>,
): Promise<Result<T | null>> {
  const counted = await checkRateLimit(env, 'second-factor', { clientAddress: '', account: userId });
  if (!counted.ok) return counted;
  const proven = await prove();
  if (proven !== null) waitUntil(counted.value.forgive());
  return ok(proven);
}

/** The time step of an app's code, or null when it is wrong. Not spent by this. */
async function stepOf(
  { env }: Pick<Stage, 'env'>,
  { userId, sealedSecret }: TwoFactorRow,
  code: string,
  now: number,
) {
  const secret = await unseal(await vaultKey(env), twoFactorPlace(userId), sealedSecret);
  return totpStepOf(secret, code, now);
}

/**
 * Checks and spends a code: six digits of the app (each time step works once) or, where `backupCodes` are
 * taken, one of those (each works once).
 */
export async function spendCode(
  context: Stage,
  row: TwoFactorRow,
  code: string,
  options: { readonly backupCodes: boolean; readonly now: number },
): Promise<Result<boolean>> {
  const { env, database } = context;
  const { userId } = row;
  const isSpent = async (): Promise<boolean> => {
    const text = code.trim();
    if (TOTP_CODE_PATTERN.test(text)) {
      const step = await stepOf(context, row, text, options.now);
      return step !== null && (await spendTotpStep(database, userId, step));
    }
    const backupCode = options.backupCodes ? readBackupCode(text) : null;
    if (backupCode === null) return false;
    const hash = mark(await vaultKey(env), twoFactorPlace(userId), backupCode);
    return spendBackupCode(database, userId, hash);
  };
  const spent = await limited(context, userId, async () => ((await isSpent()) ? true : null));
  return spent.ok ? ok(spent.value !== null) : spent;
}

/**
 * Checks the code of an app against a set-up that is not in force, and hands its time step to `confirm`.
 *
 * @returns what `confirm` gives, null when the code is wrong; RATE_LIMIT_EXCEEDED
 */
export function confirmWithCode<T>(
  context: Stage,
  row: TwoFactorRow,
  code: string,
  now: number,
  confirm: (step: number) => Promise<T | null>,
): Promise<Result<T | null>> {
  return limited(context, row.userId, async () => {
    const step = await stepOf(context, row, code, now);
    return step === null ? null : confirm(step);
  });
}
