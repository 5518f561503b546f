import { randomObjectId } from '@control-plane/serving';
import { recordLogin, type SecurityEvent } from '@control-plane/database';
import type { RequestContext } from '../context.ts';

/** Puts a change of an account's secrets into its security history, off the hot path. */
export function noteSecurityEvent(
  { clientAddress, database, request, waitUntil }: RequestContext,
  userId: string,
  event: SecurityEvent,
  now: number,
): void {
  const userAgent = request.headers.get('user-agent');
  waitUntil(
    recordLogin(database, {
      id: randomObjectId(),
      userId,
      clientAddress,
      userAgent,
      succeeded: true,
      event,
      now,
    }),
  );
}
