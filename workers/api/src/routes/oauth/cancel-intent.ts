import { hashSecret } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { oauthCancelIntent } from '@control-plane/contract/routes';
import { dropSignInStep } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { bearerStepToken } from '../authentication/sign-in-step.ts';

/** Ends an intent or a temp token. One that is unknown, used or expired is ended already. */
export const cancelIntent = operation(oauthCancelIntent, async (_input, { database, request }) => {
  const token = bearerStepToken(request);
  if (!token.ok) return token;
  await dropSignInStep(database, ['intent', 'two_factor'], hashSecret(token.value));
  return ok({ message: 'Sign-in cancelled', data: null });
});
