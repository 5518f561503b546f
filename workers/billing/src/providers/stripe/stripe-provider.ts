import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findPaymentCustomer, keepPaymentCustomer, type Database } from '@control-plane/database';
import Stripe from 'stripe';
import type { PaymentFact } from '../../payments/payment-facts.ts';
import type { PaymentOwner, PaymentQuestion } from '../../payments/payment-reading.ts';
import type { Checkout, CheckoutOrder, PaymentProvider } from '../payment-provider.ts';
import { cardOf, isDollars, readStripeEvent, refundFact } from './read-stripe-event.ts';
import { verifyStripeEvent } from './verify-stripe-event.ts';

/** Stripe refuses less than half a dollar and more than six digits of dollars. */
const LIMITS = { minCents: 100, maxCents: 1_000_000 };
const REFUNDS_MAX = 100;

export interface StripeSettings {
  readonly client: Stripe;
  readonly webhookSecret: string;
  /** Where the payer's browser goes afterwards. */
  readonly returnUrl: string;
  readonly database: Database;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What Stripe can do beside payments: keep cards for later. */
export interface StripeProvider extends PaymentProvider {
  /** Attaches a `pm_…` to the user; what may be shown of it. */
  readonly saveMethod: (
    methodId: string,
    owner: { readonly userId: string; readonly email: string },
  ) => Promise<Result<ReturnType<typeof cardOf>>>;
  /** Detaches it; one that is gone already is no failure. */
  readonly forgetMethod: (methodId: string) => Promise<Result<null>>;
}

/** Stripe: Checkout sessions, told of by webhooks, through Stripe's own library. */
export function stripeProvider(settings: StripeSettings): StripeProvider {
  const { client, webhookSecret, returnUrl, database, now } = settings;

  async function customerOf(userId: string, email: string): Promise<string> {
    const known = await findPaymentCustomer(database, 'stripe', userId);
    if (known !== null) return known;
    const { id: customerId } = await client.customers.create(
      { email, metadata: { user_id: userId } },
      { idempotencyKey: `customer-${userId}` },
    );
    await keepPaymentCustomer(database, { provider: 'stripe', userId, customerId, createdAt: now() });
    return customerId;
  }

  async function openCheckout(order: CheckoutOrder): Promise<Result<Checkout>> {
    const { intentId, userId, email, amountCents } = order;
    return whenReached(async () => {
      const metadata = { intent_id: intentId, user_id: userId };
      const customer = await customerOf(userId, email);
      const session = await client.checkout.sessions.create(
        {
          mode: 'payment',
          customer,
          client_reference_id: intentId,
          metadata,
          payment_intent_data: { metadata },
          saved_payment_method_options: { payment_method_save: 'enabled' },
          line_items: [
            {
              quantity: 1,
              price_data: {
                currency: 'usd',
                unit_amount: amountCents,
                product_data: { name: 'Wallet top-up' },
              },
            },
          ],
          success_url: returnUrl,
          cancel_url: returnUrl,
        },
        { idempotencyKey: `checkout-${intentId}` },
      );
      if (session.url === null) return unavailable();
      return ok({
        redirectUrl: session.url,
        expiresAt: session.expires_at * 1000,
        references: [session.id],
      });
    });
  }

  async function answer({ paymentIntent }: PaymentQuestion): Promise<readonly PaymentFact[]> {
    try {
      const refunds = await client.refunds.list({ payment_intent: paymentIntent, limit: REFUNDS_MAX });
      return refunds.data.filter(({ currency }) => isDollars(currency)).map(refundFact);
    } catch (error) {
      if (isUnknown(error)) return [];
      throw error;
    }
  }

  async function findOwner(subject: string): Promise<PaymentOwner | null> {
    if (!subject.startsWith('pi_')) return null;
    try {
      const { id, metadata } = await client.paymentIntents.retrieve(subject);
      const intentId = metadata['intent_id'] ?? '';
      return /^[0-9a-f]{24}$/.test(intentId) ? { intentId, references: [id] } : null;
    } catch (error) {
      if (isUnknown(error)) return null;
      throw error;
    }
  }

  return {
    provider: 'stripe',
    limits: LIMITS,
    openCheckout,
    verify: (body, headers, at) =>
      verifyStripeEvent(client, webhookSecret, body, headers.get('stripe-signature'), at),
    read: readStripeEvent,
    answer,
    findOwner,
    saveMethod: (methodId, { userId, email }) =>
      whenReached(async () => {
        const customer = await customerOf(userId, email);
        const { card } = await client.paymentMethods.attach(methodId, { customer });
        return ok(cardOf(card ?? {}));
      }),
    forgetMethod: (methodId) =>
      whenReached(async () => {
        try {
          await client.paymentMethods.detach(methodId);
        } catch (error) {
          if (!isUnknown(error)) throw error;
        }
        return ok(null);
      }),
  };
}

/** Whether Stripe says that there is no such thing, or not any more. */
function isUnknown(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError;
}

function unavailable() {
  return fail('PAYMENT_PROVIDER_UNAVAILABLE', 'The payment provider can not be reached; try again later', {
    retryAfterSeconds: 30,
  });
}

/** Turns Stripe's refusals into values. What a user got wrong is told; the rest is between Stripe and us. */
async function whenReached<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) return fail('VALIDATION_ERROR', error.message);
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing') {
      return fail('VALIDATION_ERROR', 'Stripe knows no such payment method');
    }
    if (error instanceof Stripe.errors.StripeError) return unavailable();
    throw error;
  }
}
