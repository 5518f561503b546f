import type { Result } from '@control-plane/contract/errors';
import type { EventSource } from '../payments/payment-reading.ts';
import type { VerifiedEvent } from './webhook.ts';

/** A payment that a user is about to make. */
export interface CheckoutOrder {
  readonly intentId: string;
  readonly userId: string;
  readonly email: string;
  readonly amountCents: number;
}

/** Where a user can pay. Times in Unix milliseconds. */
export interface Checkout {
  readonly redirectUrl: string;
  readonly expiresAt: number | null;
  /** Names by which the provider will speak of it. */
  readonly references: readonly string[];
}

/** A provider with a page of its own to pay at, which tells by webhook what came of it. */
export interface PaymentProvider extends EventSource {
  readonly provider: 'stripe' | 'nowpayments';
  /** Smallest and largest payment, in cents. */
  readonly limits: { readonly minCents: number; readonly maxCents: number };
  /**
   * Opens the page. The same intent gives the same payment, however often it is asked.
   *
   * @returns PAYMENT_PROVIDER_UNAVAILABLE when the provider does not answer or refuses
   */
  readonly openCheckout: (order: CheckoutOrder) => Promise<Result<Checkout>>;
  /** Checks a webhook; `now` in Unix milliseconds. */
  readonly verify: (body: Uint8Array, headers: Headers, now: number) => Promise<Result<VerifiedEvent>>;
}
