import { fail } from '@control-plane/contract/errors';
import { deviceAuthorize } from '@control-plane/contract/routes';
import { findPendingDeviceCode } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { beginProviderSignIn } from './begin-provider-sign-in.ts';
import { readableFailure } from './browser-failure.ts';
import { deviceOfTicket } from './device-approval.ts';

/** Sends the browser of whoever approves a device to a provider; what comes back approves it. */
export const authorizeDevice = operation(deviceAuthorize, async ({ query }, context) => {
  const now = Date.now();
  const { request } = context;
  const found = await deviceOfTicket(context, query.ticket, now);
  if (!found.ok) return readableFailure(request, found);
  const deviceCodeHash = found.value;
  const device =
    deviceCodeHash === null ? null : await findPendingDeviceCode(context.database, deviceCodeHash, now);
  if (device === null) {
    return readableFailure(
      request,
      fail('INVALID_TOKEN', 'The ticket is unknown or its device waits no longer'),
    );
  }
  const begun = await beginProviderSignIn(context, query.provider, {
    deviceCodeHash: device.deviceCodeHash,
  });
  return readableFailure(request, begun.ok ? begun.value : begun);
});
