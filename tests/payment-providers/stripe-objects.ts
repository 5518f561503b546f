/** What the emulated Stripe keeps, in Stripe's own shapes (the fields that are used of them). */
import { randomBytes } from 'node:crypto';

export interface Customer {
  readonly id: string;
  readonly object: 'customer';
  readonly email: string | null;
  readonly metadata: Record<string, string>;
}

export interface Session {
  readonly id: string;
  readonly object: 'checkout.session';
  readonly mode: 'payment';
  readonly livemode: false;
  readonly amount_total: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly client_reference_id: string | null;
  readonly metadata: Record<string, string>;
  readonly success_url: string | null;
  readonly cancel_url: string | null;
  readonly expires_at: number;
  readonly created: number;
  payment_intent: string | null;
  payment_status: 'unpaid' | 'paid';
  status: 'open' | 'complete' | 'expired';
  url: string | null;
}

export interface PaymentIntent {
  readonly id: string;
  readonly object: 'payment_intent';
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly metadata: Record<string, string>;
  readonly created: number;
  amount_received: number;
  latest_charge: string | null;
  status: 'requires_payment_method' | 'processing' | 'succeeded' | 'canceled';
}

export interface Charge {
  readonly id: string;
  readonly object: 'charge';
  readonly amount: number;
  readonly amount_captured: number;
  readonly currency: string;
  readonly payment_intent: string;
  readonly metadata: Record<string, string>;
  readonly paid: true;
  amount_refunded: number;
  refunded: boolean;
}

export interface Refund {
  readonly id: string;
  readonly object: 'refund';
  readonly amount: number;
  readonly currency: string;
  readonly charge: string;
  readonly payment_intent: string;
  readonly metadata: Record<string, string>;
  status: 'succeeded' | 'failed';
}

export interface Dispute {
  readonly id: string;
  readonly object: 'dispute';
  readonly amount: number;
  readonly currency: string;
  readonly charge: string;
  readonly payment_intent: string;
  readonly reason: string;
  status: 'needs_response' | 'won' | 'lost';
}

export interface Method {
  readonly id: string;
  readonly object: 'payment_method';
  readonly type: 'card';
  readonly card: {
    readonly brand: string;
    readonly last4: string;
    readonly exp_month: number;
    readonly exp_year: number;
  };
  customer: string | null;
}

/** All of it, by id. */
export interface StripeStore {
  readonly customers: Map<string, Customer>;
  readonly sessions: Map<string, Session>;
  readonly intents: Map<string, PaymentIntent>;
  readonly charges: Map<string, Charge>;
  readonly refunds: Map<string, Refund>;
  readonly disputes: Map<string, Dispute>;
  readonly methods: Map<string, Method>;
  /** What a session's payment intent gets as metadata. */
  readonly intentMetadata: Map<string, Record<string, string>>;
}

export function emptyStripeStore(): StripeStore {
  return {
    customers: new Map(),
    sessions: new Map(),
    intents: new Map(),
    charges: new Map(),
    refunds: new Map(),
    disputes: new Map(),
    methods: new Map(),
    intentMetadata: new Map(),
  };
}

/** An id as Stripe's look: `pi_…`. */
export function stripeId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

/** Unix seconds. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A card that was never issued: Stripe's own test number. */
export function testCard(id: string, customer: string | null): Method {
  const card = { brand: 'visa', last4: '4242', exp_month: 12, exp_year: 2034 };
  return { id, object: 'payment_method', type: 'card', card, customer };
}
