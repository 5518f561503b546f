/**
 * What providers can tell of a payment, in words that are the same for all of them. Facts only ever add to
 * what is known (see `payment-state.ts`), so they may come twice, late and in any order.
 */
export type PaymentProviderName = 'stripe' | 'nowpayments' | 'bank';

export type PaymentStatus =
  'creating' | 'pending' | 'processing' | 'completed' | 'failed' | 'expired' | 'cancelled' | 'admin_review';

/**
 * The stages of each kind of part, in the order in which a later one wins over an earlier one.
 *
 * - receipt: money that comes in. `unclear`: genuine, but not in our currency; a person has to look.
 *   `returned`: it came in and the provider gave it all back.
 * - refund: money that we give back. `failed`: it came back to us.
 * - refund_total: how much of a charge was refunded in all, where the provider names no single refunds.
 * - dispute: money that the payer's bank wants back. `inquiry`: no money was moved yet.
 */
export const STAGES = {
  receipt: ['waiting', 'processing', 'expired', 'cancelled', 'failed', 'unclear', 'received', 'returned'],
  refund: ['requested', 'sent', 'failed'],
  refund_total: ['sent'],
  dispute: ['inquiry', 'open', 'lost', 'won'],
} as const;

export type PartKind = keyof typeof STAGES;
export type Stage<Kind extends PartKind> = (typeof STAGES)[Kind][number];

/** One fact. Without a reference a receipt is the intent's only one. `amountCents`: whole US cents. */
export type PaymentFact = {
  readonly [Kind in PartKind]: {
    readonly kind: Kind;
    readonly reference: string | null;
    readonly stage: Stage<Kind>;
    readonly amountCents: number;
  };
}[PartKind];

/** A part of a payment as it is kept: the furthest stage and the largest amount that was told. */
export type PaymentPart = {
  readonly [Kind in PartKind]: {
    readonly kind: Kind;
    readonly reference: string;
    readonly stage: Stage<Kind>;
    readonly amountCents: number;
  };
}[PartKind];

/** Reads a part back from storage, where its stage is a plain text. */
export function readPart(row: {
  readonly kind: PartKind;
  readonly reference: string;
  readonly stage: string;
  readonly amountCents: number;
}): PaymentPart {
  const { kind, reference, stage, amountCents } = row;
  const stages: readonly string[] = STAGES[kind];
  if (!stages.includes(stage)) throw new Error(`a ${kind} has no stage ${stage}`);
  // The check above is what makes the stage one of its kind's.
  return { kind, reference, stage, amountCents } as PaymentPart;
}
