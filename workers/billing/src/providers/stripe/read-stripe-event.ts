/** What Stripe's events say, as facts. Fields are read leniently: only what is used has to be there. */
import type Stripe from 'stripe';
import * as z from 'zod';
import type { PaymentFact, Stage } from '../../payments/payment-facts.ts';
import type { PaymentReading } from '../../payments/payment-reading.ts';

const OBJECT_ID = /^[0-9a-f]{24}$/;
const CURRENCY = 'usd';

/** An id, or the whole object where it was expanded. */
const Reference = z
  .union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])
  .nullish()
  .transform((value) => value ?? null);
const Metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const Cents = z.number().int().nonnegative();

const Session = z.object({
  id: z.string(),
  amount_total: Cents.nullish(),
  currency: z.string().nullish(),
  payment_status: z.string().nullish(),
  payment_intent: Reference,
  metadata: Metadata,
});
const PaymentIntent = z.object({
  id: z.string(),
  amount: Cents.nullish(),
  amount_received: Cents.nullish(),
  currency: z.string().nullish(),
  metadata: Metadata,
});
const Charge = z.object({
  id: z.string(),
  amount: Cents,
  amount_captured: Cents.nullish(),
  amount_refunded: Cents,
  currency: z.string().nullish(),
  payment_intent: Reference,
  metadata: Metadata,
});
const Refund = z.object({
  id: z.string(),
  amount: Cents,
  currency: z.string().nullish(),
  status: z.string().nullish(),
  charge: Reference,
  payment_intent: Reference,
});
const Dispute = z.object({
  id: z.string(),
  amount: Cents,
  currency: z.string().nullish(),
  status: z.string(),
  charge: Reference,
  payment_intent: Reference,
});
const Method = z.object({
  id: z.string(),
  type: z.string().nullish(),
  customer: Reference,
  card: z
    .object({
      brand: z.string().nullish(),
      last4: z.string().nullish(),
      exp_month: z.number().nullish(),
      exp_year: z.number().nullish(),
    })
    .nullish(),
});

/**
 * The intent that we wrote into what Stripe repeats. Only metadata counts: a `client_reference_id` is what
 * payers write into the address of a payment link.
 */
function intentOf(metadata: Record<string, string>): string | null {
  const named = metadata['intent_id'] ?? '';
  return OBJECT_ID.test(named) ? named : null;
}

function present(references: readonly (string | null)[]): string[] {
  return references.filter((reference) => reference !== null);
}

/**
 * Whether an amount is in our currency. Of what came in in another one nothing was credited, so that nothing
 * is taken for its refunds and disputes either. An amount without a currency is in none.
 */
export function isDollars(currency: string | null | undefined): boolean {
  return currency?.toLowerCase() === CURRENCY;
}

/** A receipt in dollars, or one that a person has to look at. */
function receipt(
  stage: 'waiting' | 'processing' | 'expired' | 'cancelled' | 'failed' | 'received',
  amountCents: number,
  currency: string | null | undefined,
): PaymentFact {
  const isForeign = stage === 'received' && !isDollars(currency);
  return {
    kind: 'receipt',
    reference: null,
    stage: isForeign ? 'unclear' : stage,
    amountCents: stage === 'received' && !isForeign ? amountCents : 0,
  };
}

type Reader = (object: unknown) => PaymentReading;

function sessionReader(
  stageOf: (session: z.output<typeof Session>) => Parameters<typeof receipt>[0],
): Reader {
  return (object) => {
    const session = Session.parse(object);
    const { id, payment_intent: paymentIntent, currency } = session;
    return {
      kind: 'payment',
      subject: id,
      references: present([id, paymentIntent]),
      intentId: intentOf(session.metadata),
      facts: [receipt(stageOf(session), session.amount_total ?? 0, currency)],
    };
  };
}

function paymentIntentReader(stage: 'processing' | 'cancelled' | 'received' | null): Reader {
  return (object) => {
    const { id, amount, amount_received: received, currency, metadata } = PaymentIntent.parse(object);
    return {
      kind: 'payment',
      subject: id,
      references: [id],
      intentId: intentOf(metadata),
      facts: stage === null ? [] : [receipt(stage, received ?? amount ?? 0, currency)],
    };
  };
}

const readCharge: Reader = (object) => {
  const charge = Charge.parse(object);
  const { id, payment_intent: paymentIntent, currency, amount_refunded: refunded } = charge;
  // Of a charge that was never captured all is "refunded", and nothing came in.
  const captured = charge.amount_captured ?? charge.amount;
  return {
    kind: 'payment',
    subject: paymentIntent ?? id,
    references: present([paymentIntent, id]),
    intentId: intentOf(charge.metadata),
    facts: [
      // What was refunded was paid before, even if that event is still on its way.
      receipt('received', captured, currency),
      ...(isDollars(currency)
        ? [
            {
              kind: 'refund_total',
              reference: id,
              stage: 'sent',
              amountCents: Math.min(refunded, captured),
            } as const,
          ]
        : []),
    ],
    ...(paymentIntent === null ? {} : { question: { kind: 'refunds', paymentIntent } }),
  };
};

/** A refund as a fact; `requires_action` has moved no money yet. */
export function refundFact(refund: {
  readonly id: string;
  readonly amount: number;
  readonly status?: string | null | undefined;
}): PaymentFact {
  const { id: reference, amount: amountCents, status } = refund;
  const stage =
    status === 'failed' || status === 'canceled'
      ? 'failed'
      : status === 'requires_action'
        ? 'requested'
        : 'sent';
  return { kind: 'refund', reference, stage, amountCents };
}

const readRefund: Reader = (object) => {
  const refund = Refund.parse(object);
  const { payment_intent: paymentIntent, charge } = refund;
  return {
    kind: 'payment',
    subject: paymentIntent ?? charge ?? refund.id,
    references: present([paymentIntent, charge]),
    intentId: null,
    facts: isDollars(refund.currency) ? [refundFact(refund)] : [],
  };
};

/** An inquiry has moved no money yet. Whatever is not listed, appeals for one, is an open dispute. */
function disputeStage(status: Stripe.Dispute.Status): Stage<'dispute'> {
  switch (status) {
    case 'warning_needs_response':
    case 'warning_under_review':
    case 'warning_closed':
    case 'prevented':
      return 'inquiry';
    case 'won':
      return 'won';
    case 'lost':
      return 'lost';
    default:
      return 'open';
  }
}

const readDispute: Reader = (object) => {
  const { id, amount, currency, status, payment_intent: paymentIntent, charge } = Dispute.parse(object);
  const fact = { kind: 'dispute', reference: id, stage: disputeStage(status), amountCents: amount } as const;
  return {
    kind: 'payment',
    subject: paymentIntent ?? charge ?? id,
    references: present([paymentIntent, charge]),
    intentId: null,
    facts: isDollars(currency) ? [fact] : [],
  };
};

const readMethod: Reader = (object) => {
  const { id: providerMethodId, card, customer } = Method.parse(object);
  if (customer === null || card === null || card === undefined) return { kind: 'ignored' };
  return { kind: 'method_saved', method: { providerMethodId, customerId: customer, ...cardOf(card) } };
};

/** What may be shown of a card. */
export function cardOf(card: {
  readonly brand?: string | null | undefined;
  readonly last4?: string | null | undefined;
  readonly exp_month?: number | null | undefined;
  readonly exp_year?: number | null | undefined;
}) {
  const details = {
    brand: card.brand ?? null,
    last4: card.last4 ?? null,
    exp_month: card.exp_month ?? null,
    exp_year: card.exp_year ?? null,
  };
  return { name: `${details.brand ?? 'card'} •••• ${details.last4 ?? '????'}`, details };
}

/** A session can be completed while the money is still on its way (bank debits, vouchers). */
const completed = (session: z.output<typeof Session>) =>
  session.payment_status === 'unpaid' ? 'processing' : 'received';

/** A webhook endpoint at Stripe has to be subscribed to these. */
const READERS = {
  'checkout.session.completed': sessionReader(completed),
  'checkout.session.async_payment_succeeded': sessionReader(() => 'received'),
  'checkout.session.async_payment_failed': sessionReader(() => 'failed'),
  'checkout.session.expired': sessionReader(() => 'expired'),
  'payment_intent.succeeded': paymentIntentReader('received'),
  'payment_intent.processing': paymentIntentReader('processing'),
  'payment_intent.canceled': paymentIntentReader('cancelled'),
  // One card was refused; the payer may try another one as long as the session is open.
  'payment_intent.payment_failed': paymentIntentReader(null),
  'charge.refunded': readCharge,
  'charge.refund.updated': readRefund,
  'refund.created': readRefund,
  'refund.updated': readRefund,
  'refund.failed': readRefund,
  'charge.dispute.created': readDispute,
  'charge.dispute.updated': readDispute,
  'charge.dispute.closed': readDispute,
  'charge.dispute.funds_withdrawn': readDispute,
  'charge.dispute.funds_reinstated': readDispute,
  'payment_method.attached': readMethod,
  'payment_method.updated': readMethod,
  'payment_method.automatically_updated': readMethod,
  'payment_method.detached': (object) => ({
    kind: 'method_forgotten',
    providerMethodId: Method.parse(object).id,
  }),
} satisfies Partial<Record<Stripe.Event.Type, Reader>>;

const Event = z.object({ type: z.string(), data: z.object({ object: z.unknown() }) });

/** Reads the body of a genuine event. */
export function readStripeEvent(body: string): PaymentReading {
  const readers: Readonly<Record<string, Reader | undefined>> = READERS;
  try {
    const { type, data } = Event.parse(JSON.parse(body));
    const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
    return reader === undefined ? { kind: 'ignored' } : reader(data.object);
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      return { kind: 'unreadable', detail: error.message };
    }
    throw error;
  }
}
