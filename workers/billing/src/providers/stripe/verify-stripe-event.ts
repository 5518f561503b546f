import { fail, ok, type Result } from '@control-plane/contract/errors';
import Stripe from 'stripe';
import * as z from 'zod';
import type { VerifiedEvent } from '../webhook.ts';

const TOLERANCE_S = 300;
const SIGNATURE_LENGTH_MAX = 4096;

const cryptoProvider = Stripe.createSubtleCryptoProvider();
const Name = z.string().regex(/^[\x21-\x7e]{1,255}$/);
const EventHead = z.object({
  id: Name,
  type: Name,
  object: z.literal('event').optional(),
  /** Set where it happened at an account that is connected to ours, whose owner writes what it says. */
  account: z.null().optional(),
});

/**
 * Checks a webhook of Stripe's: the signature over the raw bytes (by Stripe's library, in constant time)
 * and that it was signed within five minutes of `now`, in either direction.
 *
 * @param now Unix milliseconds
 */
export async function verifyStripeEvent(
  stripe: Stripe,
  secret: string,
  body: Uint8Array,
  signature: string | null,
  now: number,
): Promise<Result<VerifiedEvent>> {
  if (signature === null || signature === '') {
    return fail('WEBHOOK_SIGNATURE_MISSING', 'The header Stripe-Signature is missing');
  }
  const signedAt = signature.length > SIGNATURE_LENGTH_MAX ? null : timeOf(signature);
  if (signedAt === null) {
    return fail('WEBHOOK_SIGNATURE_INVALID', 'The header Stripe-Signature is malformed');
  }
  let event: unknown;
  try {
    // Its own check of the age (0: none) is one-sided and fails like a forgery: it is made below instead.
    event = await stripe.webhooks.constructEventAsync(body, signature, secret, 0, cryptoProvider, now);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) {
      return fail('WEBHOOK_SIGNATURE_INVALID', 'The signature is not that of this body');
    }
    if (error instanceof SyntaxError) return fail('WEBHOOK_BODY_INVALID', 'The body is no JSON');
    throw error;
  }
  if (Math.abs(now / 1000 - signedAt) > TOLERANCE_S) {
    return fail('WEBHOOK_TIMESTAMP_STALE', `Signed more than ${TOLERANCE_S} seconds from now`);
  }
  const head = EventHead.safeParse(event);
  if (!head.success) return fail('WEBHOOK_BODY_INVALID', 'The body is no event of our own Stripe account');
  return ok({ eventId: head.data.id, eventType: head.data.type, body: new TextDecoder().decode(body) });
}

/**
 * The time of a signature header, Unix seconds. One with two times is refused: what is checked here must be
 * what was signed.
 */
function timeOf(signature: string): number | null {
  const times = signature.split(',').filter((item) => item.trim().startsWith('t='));
  const match = times.length === 1 ? /^t=(\d{1,15})$/.exec(times[0] ?? '') : null;
  return match?.[1] === undefined ? null : Number(match[1]);
}
