/** Which movements of money a change of state asks for. */
import type { PaymentPart } from './payment-facts.ts';
import { partKey, partsOf, refundFailedCents, refundSentCents, type PaymentParts } from './payment-state.ts';

/**
 * - credit: the user's balance grows by what a provider received
 * - take_back: the provider returned it to the payer
 * - refund, refund_failed: given back by us, and back again because it could not be delivered
 * - hold, release, lose: of a dispute; set aside, given to the user again, gone
 */
export type StepName =
  'credit' | 'take_back' | 'refund' | 'refund_failed' | 'hold' | 'release' | 'lose' | 'regain';

export interface MoneyStep {
  readonly name: StepName;
  /** More than nothing. */
  readonly amountCents: number;
  /** The same at each attempt and different for each step of an intent. */
  readonly key: string;
}

/**
 * The whole way of money to where a part is, as amounts by step. A stage that was never told is passed
 * through all the same: a dispute that is won was held before.
 */
function wayOf(part: PaymentPart): readonly StepName[] {
  switch (part.kind) {
    case 'receipt':
      if (part.stage === 'received') return ['credit'];
      return part.stage === 'returned' ? ['credit', 'take_back'] : [];
    case 'dispute':
      if (part.stage === 'inquiry') return [];
      if (part.stage === 'open') return ['hold'];
      return part.stage === 'won' ? ['hold', 'release'] : ['hold', 'lose'];
    // Refunds are counted over all of an intent's, below.
    case 'refund':
    case 'refund_total':
      return [];
  }
}

/**
 * The steps from one state to a later one, in the order in which money must move: what comes in first.
 * Each asks for the difference only, so what was done once is never done again.
 */
export function moneySteps(before: PaymentParts, after: PaymentParts): MoneyStep[] {
  const steps: MoneyStep[] = [];
  const add = (name: StepName, key: string, done: number, due: number): void => {
    if (due > done) steps.push({ name, amountCents: due - done, key: `${key} ${name} ${due}` });
  };
  for (const kind of ['receipt', 'dispute'] as const) {
    for (const part of partsOf(after, kind).toSorted(byReference)) {
      const known = before.get(partKey(part));
      const way = wayOf(part);
      const wayDone = known === undefined ? [] : wayOf(known);
      const doneCents = known?.amountCents ?? 0;
      // A dispute that was lost and is won after all: what was lost is given back, there is no hold of it.
      const lostCents = wayDone.includes('lose') && way.includes('release') ? doneCents : 0;
      for (const name of way) {
        const done = name === 'release' && lostCents > 0 ? lostCents : wayDone.includes(name) ? doneCents : 0;
        add(name, partKey(part), done, part.amountCents);
      }
      add('regain', partKey(part), 0, lostCents);
    }
    if (kind === 'receipt') {
      add('refund', 'refunds', refundSentCents(before), refundSentCents(after));
      add('refund_failed', 'refunds', refundFailedCents(before), refundFailedCents(after));
    }
  }
  return steps;
}

function byReference(a: PaymentPart, b: PaymentPart): number {
  return a.reference < b.reference ? -1 : 1;
}
