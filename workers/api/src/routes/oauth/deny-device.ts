import { ok } from '@control-plane/contract/errors';
import { deviceDeny } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { requireSameOrigin } from './browser-binding.ts';
import { denyDevice } from './device-approval.ts';
import { publicOrigin } from './public-origin.ts';

/** Refuses a device that waits. */
export const denyDeviceOperation = operation(deviceDeny, async ({ body }, context) => {
  const own = requireSameOrigin(context.request, publicOrigin(context.env, context.request));
  if (!own.ok) return own;
  const denied = await denyDevice(context, body.ticket);
  return denied.ok ? ok({ message: 'Device refused', data: { status: 'denied' as const } }) : denied;
});
