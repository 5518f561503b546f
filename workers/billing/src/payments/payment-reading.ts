import type { PaymentFact, PaymentProviderName } from './payment-facts.ts';

/** A card or account that a provider keeps for a customer. */
export interface SavedMethod {
  /** Stripe's `pm_…`. */
  readonly providerMethodId: string;
  readonly customerId: string;
  /** For people: `visa •••• 4242`. */
  readonly name: string;
  readonly details: Readonly<Record<string, string | number | null>>;
}

/** What an event of a provider says. */
export type PaymentReading =
  | {
      readonly kind: 'payment';
      /** The provider's name by which an event that came too early is found again. */
      readonly subject: string;
      /** All names under which the provider may speak of this payment later on. */
      readonly references: readonly string[];
      /** Our own id, where the provider repeats it. */
      readonly intentId: string | null;
      readonly facts: readonly PaymentFact[];
      /** Set when the event leaves out what only the provider can tell. */
      readonly question?: PaymentQuestion;
    }
  | { readonly kind: 'method_saved'; readonly method: SavedMethod }
  | { readonly kind: 'method_forgotten'; readonly providerMethodId: string }
  /** Of a type that has no meaning here. */
  | { readonly kind: 'ignored' }
  /** Of a known type but not of its shape. */
  | { readonly kind: 'unreadable'; readonly detail: string };

export type PaymentReadingOfPayment = Extract<PaymentReading, { kind: 'payment' }>;

/** What has to be asked: the refunds of a charge, one by one. */
export interface PaymentQuestion {
  readonly kind: 'refunds';
  readonly paymentIntent: string;
}

/** Who a payment belongs to, according to the provider. */
export interface PaymentOwner {
  readonly intentId: string;
  readonly references: readonly string[];
}

/** What dealing with a provider's events needs of it. */
export interface EventSource {
  readonly provider: PaymentProviderName;
  /** Reads the body of a genuine event. */
  readonly read: (body: string) => PaymentReading;
  /**
   * Asks the provider.
   *
   * @throws when it can't be reached: the event is then kept and tried again
   */
  readonly answer: (question: PaymentQuestion) => Promise<readonly PaymentFact[]>;
  /** Asks the provider whose payment it is; null when it does not know either. */
  readonly findOwner: (subject: string) => Promise<PaymentOwner | null>;
}
