/**
 * How facts become state: each part keeps the furthest stage and the largest amount. Both only grow, so any
 * order of the same facts, with any repetition, ends in the same state.
 */
import {
  STAGES,
  type PartKind,
  type PaymentFact,
  type PaymentPart,
  type PaymentStatus,
} from './payment-facts.ts';

/** Parts by kind and reference. */
export type PaymentParts = ReadonlyMap<string, PaymentPart>;

/** The key of a part among those of its intent. */
export function partKey({ kind, reference }: Pick<PaymentPart, 'kind' | 'reference'>): string {
  return `${kind} ${reference}`;
}

function rankOf(kind: PartKind, stage: string): number {
  const stages: readonly string[] = STAGES[kind];
  return stages.indexOf(stage);
}

/**
 * What is known after one more fact.
 *
 * @param intentId the reference of a receipt that names none
 */
export function learn(parts: PaymentParts, fact: PaymentFact, intentId: string): PaymentParts {
  const told: PaymentPart = { ...fact, reference: fact.reference ?? intentId };
  const key = partKey(told);
  const known = parts.get(key);
  if (known === undefined) return new Map(parts).set(key, told);
  const isFurther = rankOf(told.kind, told.stage) > rankOf(known.kind, known.stage);
  const amountCents = Math.max(known.amountCents, told.amountCents);
  if (!isFurther && amountCents === known.amountCents) return parts;
  return new Map(parts).set(key, { ...(isFurther ? told : known), amountCents });
}

/** All parts of one kind. */
export function partsOf<Kind extends PartKind>(
  parts: PaymentParts,
  kind: Kind,
): Extract<PaymentPart, { kind: Kind }>[] {
  return [...parts.values()].filter(
    (part): part is Extract<PaymentPart, { kind: Kind }> => part.kind === kind,
  );
}

function sum(parts: readonly PaymentPart[]): number {
  return parts.reduce((total, { amountCents }) => total + amountCents, 0);
}

/** What came in, whatever became of it later; cents. */
export function receivedCents(parts: PaymentParts): number {
  return sum(partsOf(parts, 'receipt').filter(({ stage }) => stage === 'received' || stage === 'returned'));
}

/**
 * What was refunded, failed refunds included: the refunds that are known by name, or what the provider
 * states in all if that is more.
 */
export function refundSentCents(parts: PaymentParts): number {
  const named = sum(partsOf(parts, 'refund').filter(({ stage }) => stage !== 'requested'));
  return Math.max(named, sum(partsOf(parts, 'refund_total')));
}

/** What refunds could not deliver and came back; cents. */
export function refundFailedCents(parts: PaymentParts): number {
  return sum(partsOf(parts, 'refund').filter(({ stage }) => stage === 'failed'));
}

/** Stages of receipts that brought nothing (yet), the one that tells most of the intent first. */
const UNPAID = [
  ['processing', 'processing'],
  ['waiting', 'pending'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['expired', 'expired'],
] as const;

/**
 * The status of an intent.
 *
 * - `admin_review`: a dispute is open, less came in than was asked for, or something is unclear;
 * - `cancelled`: all that came in went back (refunded, returned, lost in a dispute), or nobody paid.
 */
export function statusOf(parts: PaymentParts, amountCents: number): PaymentStatus {
  const disputes = partsOf(parts, 'dispute');
  if (disputes.some(({ stage }) => stage === 'open')) return 'admin_review';
  const receipts = partsOf(parts, 'receipt');
  const received = receivedCents(parts);
  if (received > 0) {
    const gone =
      refundSentCents(parts) -
      refundFailedCents(parts) +
      sum(receipts.filter(({ stage }) => stage === 'returned')) +
      sum(disputes.filter(({ stage }) => stage === 'lost'));
    if (gone >= received) return 'cancelled';
    return received < amountCents ? 'admin_review' : 'completed';
  }
  if (receipts.some(({ stage }) => stage === 'unclear')) return 'admin_review';
  const found = UNPAID.find(([stage]) => receipts.some((receipt) => receipt.stage === stage));
  return found === undefined ? 'pending' : found[1];
}
