import { fail, ok, type Result } from '@control-plane/contract/errors';
import type { Database } from '@control-plane/database';
import { receiveEvent, type ReceivedOutcome } from '../payments/receive-event.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import type { VerifiedEvent } from '../providers/webhook.ts';

/** A delivery that was taken, and what it was. */
export interface Taken extends Pick<VerifiedEvent, 'eventId' | 'eventType'> {
  readonly outcome: Exclude<ReceivedOutcome, 'busy' | 'unreadable'>;
}

/**
 * Takes one delivery of a provider's: verifies it on the raw bytes, before anything is parsed or stored, and
 * brings it into the books. What is not genuine leaves nothing behind.
 *
 * @param now Unix milliseconds
 * @throws when the database or the provider fails: the delivery has to come again
 */
export async function deliver(
  database: Database,
  provider: PaymentProvider,
  body: Uint8Array,
  headers: Headers,
  now: number,
): Promise<Result<Taken>> {
  const verified = await provider.verify(body, headers, now);
  if (!verified.ok) return verified;
  const { eventId, eventType } = verified.value;
  const event = { ...verified.value, provider: provider.provider, receivedAt: now };
  const outcome = await receiveEvent(database, provider, event, now);
  switch (outcome) {
    case 'busy':
      return fail('WEBHOOK_BUSY', 'Too many events of one account at once', { retryAfterSeconds: 1 });
    case 'unreadable':
      return fail('WEBHOOK_BODY_INVALID', `The event ${eventId} is not of its type's shape`);
    default:
      return ok({ eventId, eventType, outcome });
  }
}
