/** What happens at the emulated Stripe, and the events that tell of it, in Stripe's usual order. */
import {
  nowSeconds,
  stripeId,
  testCard,
  type Charge,
  type Dispute,
  type PaymentIntent,
  type Refund,
  type Session,
  type StripeStore,
} from './stripe-objects.ts';

/** Sends the event of a type about an object, as the object is at that moment. */
export type Emit = (type: string, object: object) => void;

/** Ways to pay at a Checkout page. */
export type PayWith = 'card' | 'saved_card' | 'declined_card' | 'bank_debit';

function beginIntent(store: StripeStore, session: Session): PaymentIntent {
  const known = session.payment_intent === null ? undefined : store.intents.get(session.payment_intent);
  if (known !== undefined) return known;
  const intent: PaymentIntent = {
    id: stripeId('pi'),
    object: 'payment_intent',
    amount: session.amount_total,
    currency: session.currency,
    customer: session.customer,
    metadata: store.intentMetadata.get(session.id) ?? {},
    created: nowSeconds(),
    amount_received: 0,
    latest_charge: null,
    status: 'requires_payment_method',
  };
  store.intents.set(intent.id, intent);
  session.payment_intent = intent.id;
  return intent;
}

function succeed(store: StripeStore, intent: PaymentIntent, emit: Emit): void {
  const charge: Charge = {
    id: stripeId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: intent.amount,
    currency: intent.currency,
    payment_intent: intent.id,
    metadata: intent.metadata,
    paid: true,
    amount_refunded: 0,
    refunded: false,
  };
  store.charges.set(charge.id, charge);
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.latest_charge = charge.id;
  emit('payment_intent.succeeded', intent);
  emit('charge.succeeded', charge);
}

/** Pays an open session. Null: done; otherwise why not. */
export function paySession(store: StripeStore, session: Session, how: PayWith, emit: Emit): string | null {
  if (session.status !== 'open') return `The session is ${session.status}.`;
  const intent = beginIntent(store, session);
  if (how === 'declined_card') {
    emit('payment_intent.payment_failed', intent);
    return 'Your card was declined.';
  }
  session.status = 'complete';
  session.url = null;
  if (how === 'bank_debit') {
    intent.status = 'processing';
    emit('payment_intent.processing', intent);
    emit('checkout.session.completed', session);
    return null;
  }
  if (how === 'saved_card' && session.customer !== null) {
    const method = testCard(stripeId('pm'), session.customer);
    store.methods.set(method.id, method);
    emit('payment_method.attached', method);
  }
  session.payment_status = 'paid';
  succeed(store, intent, emit);
  emit('checkout.session.completed', session);
  return null;
}

/** A bank debit that was on its way comes in, or does not. */
export function settleSession(store: StripeStore, session: Session, isPaid: boolean, emit: Emit): boolean {
  const intent = session.payment_intent === null ? undefined : store.intents.get(session.payment_intent);
  if (intent?.status !== 'processing') return false;
  if (isPaid) {
    session.payment_status = 'paid';
    succeed(store, intent, emit);
    emit('checkout.session.async_payment_succeeded', session);
  } else {
    intent.status = 'requires_payment_method';
    emit('payment_intent.payment_failed', intent);
    emit('checkout.session.async_payment_failed', session);
  }
  return true;
}

/** Gives money back; null when there is not so much left of it. */
export function refundIntent(
  store: StripeStore,
  intent: PaymentIntent,
  amount: number | undefined,
  emit: Emit,
): Refund | null {
  const charge = store.charges.get(intent.latest_charge ?? '');
  if (charge === undefined) return null;
  const left = charge.amount - charge.amount_refunded;
  const refunded = amount ?? left;
  if (!Number.isSafeInteger(refunded) || refunded <= 0 || refunded > left) return null;
  const refund: Refund = {
    id: stripeId('re'),
    object: 'refund',
    amount: refunded,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: intent.id,
    metadata: {},
    status: 'succeeded',
  };
  store.refunds.set(refund.id, refund);
  charge.amount_refunded += refunded;
  charge.refunded = charge.amount_refunded === charge.amount;
  emit('refund.created', refund);
  emit('charge.refunded', charge);
  return refund;
}

/** The payer's bank sends a refund back. */
export function failRefund(store: StripeStore, refund: Refund, emit: Emit): void {
  const charge = store.charges.get(refund.charge);
  if (refund.status === 'failed' || charge === undefined) return;
  refund.status = 'failed';
  charge.amount_refunded -= refund.amount;
  charge.refunded = false;
  emit('refund.updated', refund);
  emit('refund.failed', refund);
}

/** The payer's bank wants the money of a charge back. */
export function disputeIntent(store: StripeStore, intent: PaymentIntent, emit: Emit): Dispute | null {
  const charge = store.charges.get(intent.latest_charge ?? '');
  if (charge === undefined) return null;
  const dispute: Dispute = {
    id: stripeId('dp'),
    object: 'dispute',
    amount: charge.amount,
    currency: charge.currency,
    charge: charge.id,
    payment_intent: intent.id,
    reason: 'fraudulent',
    status: 'needs_response',
  };
  store.disputes.set(dispute.id, dispute);
  emit('charge.dispute.created', dispute);
  emit('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** A dispute ends. */
export function closeDispute(dispute: Dispute, outcome: 'won' | 'lost', emit: Emit): void {
  dispute.status = outcome;
  emit('charge.dispute.closed', dispute);
  if (outcome === 'won') emit('charge.dispute.funds_reinstated', dispute);
}
