import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centsOfMicros, type LedgerTransaction } from '@control-plane/ledger';
import { digestId } from './digest-id.ts';
import type { MoneyStep, StepName } from './money-steps.ts';
import { planTransactions, type UserMoney } from './plan-transactions.ts';

const subject = { intentId: 'a'.repeat(24), userId: 'b'.repeat(24), provider: 'stripe' as const };
const step = (name: StepName, amountCents: number): MoneyStep => ({
  name,
  amountCents,
  key: `x ${name} ${amountCents}`,
});

function plan(steps: MoneyStep[], money: UserMoney = { generalCents: 0, owedCents: 0 }): LedgerTransaction[] {
  return planTransactions(subject, steps, money, digestId, 1);
}
/** Each transaction as `type account±cents …`. */
const told = (transactions: readonly LedgerTransaction[]): string[] =>
  transactions.map(({ type, postings }) =>
    [
      type,
      ...postings.map(({ account, amountMicros }) => `${account.kind}:${centsOfMicros(amountMicros)}`),
    ].join(' '),
  );

describe('transactions of payments', () => {
  it.each([
    ['a payment', [step('credit', 500)], 0, 0, ['top_up stripe_clearing:-500 user_general:500']],
    [
      'a refund of what is still there',
      [step('refund', 500)],
      700,
      0,
      ['payment_refund user_general:-500 stripe_clearing:500'],
    ],
    [
      'a refund of what was spent becomes a debt',
      [step('refund', 500)],
      200,
      0,
      ['payment_refund user_general:-200 user_receivable:-300 stripe_clearing:500'],
    ],
    [
      'a payment pays the debt first',
      [step('credit', 500)],
      0,
      300,
      [
        'top_up stripe_clearing:-500 user_general:500',
        'debt_repayment user_general:-300 user_receivable:300',
      ],
    ],
    [
      'a dispute of what was spent',
      [step('hold', 500)],
      0,
      0,
      ['dispute_hold user_receivable:-500 user_general_held:500'],
    ],
    [
      'that is won',
      [step('release', 500)],
      0,
      500,
      [
        'dispute_won user_general:500 user_general_held:-500',
        'debt_repayment user_general:-500 user_receivable:500',
      ],
    ],
    [
      'that is lost',
      [step('lose', 500)],
      0,
      500,
      ['dispute_lost user_general_held:-500 stripe_clearing:500'],
    ],
    [
      'a loss that is undone',
      [step('regain', 500)],
      0,
      0,
      ['dispute_won user_general:500 stripe_clearing:-500'],
    ],
    [
      'a refund that came back',
      [step('refund_failed', 500)],
      0,
      0,
      ['correction user_general:500 stripe_clearing:-500'],
    ],
    [
      'a payment that is refunded at once',
      [step('credit', 500), step('refund', 500)],
      0,
      0,
      [
        'top_up stripe_clearing:-500 user_general:500',
        'payment_refund user_general:-500 stripe_clearing:500',
      ],
    ],
    ['nothing without a step, whatever stands side by side', [], 300, 200, []],
  ] as [string, MoneyStep[], number, number, string[]][])(
    '%s',
    (_, steps, generalCents, owedCents, expected) => {
      expect(told(plan(steps, { generalCents, owedCents }))).toStrictEqual(expected);
    },
  );

  it('never let a balance below zero, nor a balance and a debt stand side by side', () => {
    const anyStep = fc
      .tuple(
        fc.constantFrom<StepName>('credit', 'refund', 'refund_failed', 'hold', 'take_back', 'regain'),
        fc.integer({ min: 1, max: 1000 }),
      )
      .map(([name, cents]) => step(name, cents));
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 8 }), fc.integer({ min: -500, max: 500 }), (steps, net) => {
        const money = { generalCents: Math.max(net, 0), owedCents: Math.max(-net, 0) };
        let { generalCents, owedCents } = money;
        for (const { postings } of plan(steps, money)) {
          for (const { account, amountMicros } of postings) {
            if (account.kind === 'user_general') generalCents += centsOfMicros(amountMicros);
            if (account.kind === 'user_receivable') owedCents -= centsOfMicros(amountMicros);
          }
          expect(generalCents).toBeGreaterThanOrEqual(0);
          expect(owedCents).toBeGreaterThanOrEqual(0);
        }
        expect(Math.min(generalCents, owedCents)).toBe(0);
      }),
    );
  });

  it('have the same ids each time, and different ones for each step', () => {
    const steps = [step('credit', 500), step('refund', 500)];
    const ids = plan(steps).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(plan(steps).map(({ id }) => id)).toStrictEqual(ids);
  });
});
