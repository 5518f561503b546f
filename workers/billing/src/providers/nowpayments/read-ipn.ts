/** What NOWPayments' notifications say, as facts. */
import * as z from 'zod';
import { centsOfDollars, proportionCents } from '../../payments/decimal.ts';
import type { PaymentFact, Stage } from '../../payments/payment-facts.ts';
import type { PaymentReading } from '../../payments/payment-reading.ts';

/** They write numbers now as numbers and now as texts. */
const Amount = z.union([z.number().nonnegative(), z.string().max(64)]).nullish();
const Identifier = z.union([z.number().int(), z.string().min(1).max(128)]).transform(String);

const Notification = z.object({
  payment_id: Identifier,
  payment_status: z.string().max(64),
  invoice_id: Identifier.nullish(),
  order_id: z.string().max(256).nullish(),
  price_amount: Amount,
  price_currency: z.string().max(32).nullish(),
  pay_amount: Amount,
  actually_paid: Amount,
});
type Notification = z.output<typeof Notification>;

const OBJECT_ID = /^[0-9a-f]{24}$/;
const CURRENCY = 'usd';

/**
 * `confirmed` and `sending` are not ours yet. `partially_paid` is: the coins are in our wallet, only fewer
 * than were asked for.
 */
const STAGES: Readonly<Record<string, Stage<'receipt'>>> = {
  waiting: 'waiting',
  confirming: 'processing',
  confirmed: 'processing',
  sending: 'processing',
  partially_paid: 'received',
  finished: 'received',
  failed: 'failed',
  expired: 'expired',
  refunded: 'returned',
};

/** The name of an invoice among those that NOWPayments uses for a payment. */
export function invoiceReference(invoiceId: string): string {
  return `invoice:${invoiceId}`;
}

/**
 * What a notification credits, in cents: the price in the proportion in which the coins came in, rounded
 * down, whether fewer or more than asked for. A `finished` payment that states no coins is worth its price.
 * Null: can't be told.
 */
export function creditedCents(notification: Notification): number | null {
  const {
    price_amount: price,
    pay_amount: asked,
    actually_paid: paid,
    payment_status: status,
  } = notification;
  if (price === null || price === undefined) return null;
  const isPaidKnown = paid !== null && paid !== undefined && Number(paid) > 0;
  if (isPaidKnown && asked !== null && asked !== undefined) return proportionCents(price, paid, asked);
  return status === 'finished' ? centsOfDollars(price) : null;
}

function factOf(notification: Notification): PaymentFact | null {
  const { payment_id: reference, payment_status: status, price_currency: currency } = notification;
  const stage = Object.hasOwn(STAGES, status) ? STAGES[status] : undefined;
  if (stage === undefined) return null;
  if (stage !== 'received') return { kind: 'receipt', reference, stage, amountCents: 0 };
  const amountCents = currency?.toLowerCase() === CURRENCY ? creditedCents(notification) : null;
  return amountCents === null
    ? { kind: 'receipt', reference, stage: 'unclear', amountCents: 0 }
    : { kind: 'receipt', reference, stage, amountCents };
}

/** Reads the body of a genuine notification. */
export function readIpn(body: string): PaymentReading {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { kind: 'unreadable', detail: 'no JSON' };
  }
  const parsed = Notification.safeParse(json);
  if (!parsed.success) return { kind: 'unreadable', detail: parsed.error.message };
  const notification = parsed.data;
  const { payment_id: paymentId, invoice_id: invoiceId, order_id: orderId } = notification;
  const fact = factOf(notification);
  if (fact === null) return { kind: 'ignored' };
  return {
    kind: 'payment',
    subject: paymentId,
    references: [
      paymentId,
      ...(invoiceId === null || invoiceId === undefined ? [] : [invoiceReference(invoiceId)]),
    ],
    intentId: OBJECT_ID.test(orderId ?? '') ? (orderId ?? null) : null,
    facts: [fact],
  };
}
