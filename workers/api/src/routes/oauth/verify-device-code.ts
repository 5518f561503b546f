import { ok } from '@control-plane/contract/errors';
import { deviceVerifyCode } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { requireSameOrigin } from './browser-binding.ts';
import { openDeviceTicket } from './device-approval.ts';
import { publicOrigin } from './public-origin.ts';

/** Looks a user code up and ties what follows to this browser. */
export const verifyDeviceCode = operation(deviceVerifyCode, async ({ body }, context) => {
  const own = requireSameOrigin(context.request, publicOrigin(context.env, context.request));
  if (!own.ok) return own;
  const opened = await openDeviceTicket(context, body.user_code);
  if (!opened.ok) return opened;
  const { ticket, cookie, device, lifetimeMs } = opened.value;
  return ok({
    message: 'The device waits for an approval',
    data: {
      ticket,
      client_name: device.clientName,
      client_address: device.clientAddress,
      expires_in: Math.floor(lifetimeMs / 1000),
    },
    headers: { 'set-cookie': cookie },
  });
});
