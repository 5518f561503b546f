import { randomObjectId } from '@control-plane/serving';
import { hashSecret } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { tfaVerify } from '@control-plane/contract/routes';
import { findTwoFactor, recordLogin, takeSignInStep } from '@control-plane/database';
import type { RequestContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { spendCode } from '../../two-factor/check-code.ts';
import { approveDevice, completeSignIn, goalOfSecondFactor } from '../authentication/sign-in.ts';
import { bearerStepToken, findUserStep } from '../authentication/sign-in-step.ts';

/** The temp token: of the body, or else of the Authorization header. */
function tempTokenOf(request: Request, sent: string | null | undefined): Result<string> {
  return sent === undefined || sent === null ? bearerStepToken(request) : ok(sent);
}

/**
 * Ends a login with the second factor. A wrong code leaves the temp token as it is; a right one uses it up.
 * A sign-in that approves a device answers its status and no tokens.
 */
export const verify = operation(tfaVerify, async ({ body }, context) => {
  const tempToken = tempTokenOf(context.request, body.temp_token);
  if (!tempToken.ok) return tempToken;
  const outcome = await proveSecondFactor(context, tempToken.value, body.code);
  if (!outcome.ok) return outcome;
  const { step, user, now } = outcome.value;
  const goal = goalOfSecondFactor(step, body);
  const signedIn =
    goal.kind === 'device'
      ? await approveDevice(context, user, goal, now)
      : await completeSignIn(context, user, goal, now);
  return signedIn.ok ? ok({ message: 'Second factor verified', data: signedIn.value }) : signedIn;
});

/**
 * Proves the second factor of a sign-in under way and uses its step up. INVALID_TOKEN, ACCOUNT_BANNED,
 * INVALID_CREDENTIALS, RATE_LIMIT_EXCEEDED.
 */
export async function proveSecondFactor(context: RequestContext, tempToken: string, code: string) {
  const { clientAddress, database, request, waitUntil } = context;
  const now = Date.now();
  const found = await findUserStep(context, 'two_factor', tempToken, now);
  if (!found.ok) return found;
  const { user } = found.value;
  const row = await findTwoFactor(database, user.id);
  const gone = fail('INVALID_TOKEN', 'The token is unknown, used or expired');
  if (row === null || row.verifiedAt === null) return gone;
  const isRight = await spendCode(context, row, code, { backupCodes: true, now });
  if (!isRight.ok) return isRight;
  if (!isRight.value) {
    const attempt = {
      id: randomObjectId(),
      userId: user.id,
      clientAddress,
      userAgent: request.headers.get('user-agent'),
      succeeded: false,
      now,
    };
    waitUntil(recordLogin(database, attempt));
    return fail('INVALID_CREDENTIALS', 'The code is wrong, was used already, or is too old');
  }
  const step = await takeSignInStep(database, 'two_factor', hashSecret(tempToken), now);
  return step === null ? gone : ok({ step, user, now });
}
