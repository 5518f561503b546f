/** Bank transfers: no provider tells of them, an operator books the lines of the bank's statement. */
import type { EventSource, PaymentReading } from './payment-reading.ts';
import * as z from 'zod';

/** Smallest and largest transfer that an intent is made for, in cents. */
export const BANK_LIMITS = { minCents: 1000, maxCents: 10_000_000 };
/** A line may be for less or more than its intent: what came in counts. */
export const BOOKING_LIMITS = { minCents: 1, maxCents: 1_000_000_000 };

const Booking = z.object({
  statement_id: z.string(),
  reference: z.string(),
  amount_cents: z.number().int().positive(),
  kind: z.enum(['received', 'returned']),
});
/** A line of the bank's statement as the inbox keeps it. */
export type BankBooking = z.output<typeof Booking>;

function readBooking(body: string): PaymentReading {
  const parsed = Booking.safeParse(JSON.parse(body));
  if (!parsed.success) return { kind: 'unreadable', detail: parsed.error.message };
  const { statement_id: reference, reference: code, amount_cents: amountCents, kind } = parsed.data;
  return {
    kind: 'payment',
    subject: code,
    references: [code],
    intentId: null,
    facts:
      kind === 'received'
        ? [{ kind: 'receipt', reference, stage: 'received', amountCents }]
        : [{ kind: 'refund', reference, stage: 'sent', amountCents }],
  };
}

/** Bookings take the same way into the books as the events of providers. */
export const bankEvents: EventSource = {
  provider: 'bank',
  read: readBooking,
  answer: () => Promise.resolve([]),
  findOwner: () => Promise.resolve(null),
};
