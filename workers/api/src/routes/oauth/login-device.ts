import { fail, ok } from '@control-plane/contract/errors';
import { deviceLogin } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { loginName } from '../authentication/login.ts';
import { requireSameOrigin } from './browser-binding.ts';
import { approveWithPassword } from './device-approval.ts';
import { publicOrigin } from './public-origin.ts';

/** Approves a device with a password; no token ever comes to this browser. */
export const loginDevice = operation(deviceLogin, async ({ body }, context) => {
  const own = requireSameOrigin(context.request, publicOrigin(context.env, context.request));
  if (!own.ok) return own;
  const name = loginName(body);
  if (name === null) return fail('UNPROCESSABLE_BODY', 'username or email is required');
  const outcome = await approveWithPassword(context, body.ticket, name, body.password);
  if (!outcome.ok) return outcome;
  const isApproved = 'status' in outcome.value;
  return ok({ message: isApproved ? 'Device approved' : 'Second factor required', data: outcome.value });
});
