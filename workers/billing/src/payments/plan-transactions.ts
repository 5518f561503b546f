/**
 * Money steps as transactions of the ledger. A general balance never goes below zero: what a refund or a
 * dispute takes beyond it becomes the user's debt (`user_receivable`), and whatever comes in afterwards pays
 * the debt first. The user never has a balance and a debt at the same time.
 */
import {
  clearingAccount,
  generalTransaction,
  microsOfCents,
  topUp,
  type GeneralPosting,
  type LedgerTransaction,
} from '@control-plane/ledger';
import type { MoneyStep, StepName } from './money-steps.ts';
import type { PaymentProviderName } from './payment-facts.ts';

/** Whole cents, none below zero. */
export interface UserMoney {
  readonly generalCents: number;
  readonly owedCents: number;
}

export interface PaymentSubject {
  readonly intentId: string;
  readonly userId: string;
  readonly provider: PaymentProviderName;
}

interface StepRule {
  readonly type: 'payment_refund' | 'dispute_hold' | 'dispute_won' | 'dispute_lost' | 'correction';
  readonly description: string;
  /** The user's balance gains (1), gives (-1) or is not touched (0). */
  readonly user: 1 | -1 | 0;
  /** What is on the other side. */
  readonly other: 'clearing' | 'held';
}

const RULES: Readonly<Record<Exclude<StepName, 'credit'>, StepRule>> = {
  take_back: {
    type: 'payment_refund',
    description: 'Payment returned by the provider',
    user: -1,
    other: 'clearing',
  },
  refund: { type: 'payment_refund', description: 'Payment refunded', user: -1, other: 'clearing' },
  refund_failed: {
    type: 'correction',
    description: 'Refund could not be delivered',
    user: 1,
    other: 'clearing',
  },
  hold: { type: 'dispute_hold', description: 'Payment disputed: held', user: -1, other: 'held' },
  release: { type: 'dispute_won', description: 'Dispute won: released', user: 1, other: 'held' },
  lose: { type: 'dispute_lost', description: 'Dispute lost', user: 0, other: 'held' },
  regain: { type: 'dispute_won', description: 'Dispute won after all', user: 1, other: 'clearing' },
};

const CREDIT_DESCRIPTIONS: Readonly<Record<PaymentProviderName, string>> = {
  stripe: 'Card payment',
  nowpayments: 'Crypto payment',
  bank: 'Bank transfer',
};

/** A transaction without what only the caller can make: its id. */
type Identify = (dedupeKey: string) => string;

/**
 * The transactions that carry out `steps`, in their order, and the repayment of debt at the end where both
 * a balance and a debt would be left.
 *
 * @param identify gives the id (24 hex digits) of the transaction with a dedupe key, the same each time
 */
export function planTransactions(
  subject: PaymentSubject,
  steps: readonly MoneyStep[],
  money: UserMoney,
  identify: Identify,
  now: number,
): LedgerTransaction[] {
  const { intentId, userId, provider } = subject;
  let { generalCents, owedCents } = money;
  const planned: LedgerTransaction[] = [];
  const head = (key: string, description: string) => {
    const dedupeKey = `payment:${intentId}:${key}`;
    const id = identify(dedupeKey);
    const reference = { type: 'payment_intent', id: intentId };
    return { id, userId, description, dedupeKey, reference, now };
  };
  for (const { name, amountCents, key } of steps) {
    if (name === 'credit') {
      const description = CREDIT_DESCRIPTIONS[provider];
      planned.push(topUp({ ...head(key, description), provider, cents: amountCents }));
      generalCents += amountCents;
      continue;
    }
    const { type, description, user, other } = RULES[name];
    const takenCents = user === -1 ? Math.min(generalCents, amountCents) : 0;
    const lentCents = user === -1 ? amountCents - takenCents : 0;
    generalCents += user === 1 ? amountCents : -takenCents;
    owedCents += lentCents;
    const held = { kind: 'user_general_held', userId } as const;
    const postings: [GeneralPosting['account'], number][] = [
      [{ kind: 'user_general', userId }, user === 1 ? amountCents : -takenCents],
      [{ kind: 'user_receivable', userId }, -lentCents],
      [held, other === 'held' ? -(user === 0 ? 1 : user) * amountCents : 0],
      [clearingAccount(provider), other === 'clearing' ? -user * amountCents : user === 0 ? amountCents : 0],
    ];
    planned.push(generalTransaction({ ...head(key, description), type }, postingsOf(postings)));
  }
  const repaidCents = Math.min(generalCents, owedCents);
  const last = steps.at(-1);
  // Only behind a step, of whose key the repayment's is made: it must not be the same twice.
  if (repaidCents > 0 && last !== undefined) {
    const key = `${last.key} repaid`;
    planned.push(
      generalTransaction(
        { ...head(key, 'Debt repaid'), type: 'debt_repayment' },
        postingsOf([
          [{ kind: 'user_general', userId }, -repaidCents],
          [{ kind: 'user_receivable', userId }, repaidCents],
        ]),
      ),
    );
  }
  return planned;
}

function postingsOf(entries: readonly (readonly [GeneralPosting['account'], number])[]): GeneralPosting[] {
  return entries
    .filter(([, cents]) => cents !== 0)
    .map(([account, cents]) => ({ account, amountMicros: microsOfCents(cents) }));
}
