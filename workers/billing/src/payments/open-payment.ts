import { fail, ok, type Result } from '@control-plane/contract/errors';
import { beginPaymentIntent, openPaymentIntent, type PaymentIntentRow } from '@control-plane/database';
import { checkRateLimit, scopeOf } from '@control-plane/serving';
import type { AuthenticatedContext } from '../context.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import type { PaymentProviderName } from './payment-facts.ts';
import { readAmount } from '../wallet/read-amount.ts';

/** What a client asks for; the same key is the same payment. */
export interface PaymentOrder {
  readonly amount: string;
  readonly idempotency_key?: string | undefined;
}

/** The refusal of a way to pay that this deployment does not have. */
export function notConfigured() {
  return fail('PAYMENT_PROVIDER_NOT_CONFIGURED', 'This way to pay is not offered here');
}

/**
 * Begins a payment at a provider, or finds the one that the same key began. The intent is stored before the
 * provider is asked, and the provider is asked under the intent's id: after a crash in between the same
 * request goes on where the first one was.
 */
export async function openPayment(
  context: AuthenticatedContext,
  provider: PaymentProvider | null,
  order: PaymentOrder,
): Promise<Result<{ readonly intent: PaymentIntentRow; readonly url: string }>> {
  if (provider === null) return notConfigured();
  const amount = readAmount(order.amount, provider.limits);
  if (!amount.ok) return amount;
  const stored = await storeIntent(context, provider.provider, amount.value, order.idempotency_key);
  if (!stored.ok) return stored;
  const begun = stored.value;
  if (begun.redirectUrl !== null) return ok({ intent: begun, url: begun.redirectUrl });
  const checkout = await provider.openCheckout({
    intentId: begun.id,
    userId: context.principal.userId,
    email: context.principal.email,
    amountCents: begun.amountCents,
  });
  if (!checkout.ok) {
    context.log.warn('payment provider unavailable', { provider: provider.provider, intent_id: begun.id });
    return checkout;
  }
  const { redirectUrl, expiresAt, references } = checkout.value;
  const intent = await openPaymentIntent(context.database, begun, {
    redirectUrl,
    expiresAt,
    references,
    now: Date.now(),
  });
  // Of two requests with one key that came at once, both answer with the page that was stored first.
  return ok({ intent, url: intent.redirectUrl ?? redirectUrl });
}

/** Stores a new intent, or finds the one that the same key stored; refuses the key for another amount or realm. */
export async function storeIntent(
  context: AuthenticatedContext,
  provider: PaymentProviderName,
  amountCents: number,
  idempotencyKey: string | undefined,
  transferReference?: string,
): Promise<Result<PaymentIntentRow>> {
  const account = context.principal.userId;
  const counted = await checkRateLimit(context.env, 'open-payment', { clientAddress: '', account });
  if (!counted.ok) return counted;
  const intent = await beginPaymentIntent(context.database, scopeOf(context), {
    id: context.seedId,
    provider,
    amountCents,
    idempotencyKey: idempotencyKey ?? null,
    ...(transferReference === undefined ? {} : { transferReference }),
    now: Date.now(),
  });
  // Whatever is shown of an intent of another realm would be shown outside of it.
  if (intent.amountCents !== amountCents || intent.realmId !== context.realmId) {
    return fail('IDEMPOTENCY_INTENT_MISMATCH', 'This idempotency_key was used for another payment');
  }
  return ok(intent);
}
