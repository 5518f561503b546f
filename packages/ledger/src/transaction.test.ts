import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  holdAiCredit,
  quoteTransfer,
  releaseAiCredit,
  spendAiCredit,
  transferToAi,
} from './ai-transactions.ts';
import { charge, grant, topUp } from './general-transactions.ts';
import { microsOfCents } from './money.ts';
import { generalTransaction, type GeneralPosting, type LedgerTransaction } from './transaction.ts';

const userId = 'a'.repeat(24);
const head = { id: 'b'.repeat(24), userId, description: 'test', now: 1 };
const account = { kind: 'user_general', userId } as const;
const revenue = { kind: 'revenue' } as const;
const correction = { ...head, type: 'correction' } as const;
const sum = ({ postings }: LedgerTransaction) =>
  postings.reduce((total, { amountMicros }) => total + amountMicros, 0);

describe('a transaction', () => {
  it('that is no transaction is not made', () => {
    const make = (...amounts: number[]) =>
      generalTransaction(
        correction,
        amounts.map((amountMicros, index) => ({ account: index === 0 ? account : revenue, amountMicros })),
      );
    expect(() => make(10_000, -20_000)).toThrow('sum to -10000');
    expect(() => make(10_000)).toThrow('1 postings');
    expect(() => make()).toThrow('0 postings');
    expect(() => make(0, 0)).toThrow('no whole amount');
    expect(() => make(0.5, -0.5)).toThrow('no whole amount');
    expect(() => make(Number.NaN, 1)).toThrow('no whole amount');
    expect(() => make(1, -1)).toThrow('whole cents');
    expect(() => make(2e15, -2e15)).toThrow('over the limit');
    expect(() => make(20_000, -10_000, -10_000)).toThrow('named twice');
    expect(() => topUp({ ...head, id: 'x', provider: 'bank', cents: 1 })).toThrow('24 hex digits');
    expect(() => topUp({ ...head, description: 'x'.repeat(201), provider: 'bank', cents: 1 })).toThrow(
      'too long',
    );
    expect(() => topUp({ ...head, dedupeKey: 'x'.repeat(201), provider: 'bank', cents: 1 })).toThrow(
      'too long',
    );
  });

  it('of every builder sums to zero and says what it moved', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 1, max: 1e12 }),
        fc.integer({ min: 1, max: 1e12 }),
        (cents, other, held, part) => {
          const spent = Math.min(held, part);
          const lines = [
            { to: 'revenue', cents },
            { to: 'tax', cents: other },
          ] as const;
          const made: [LedgerTransaction, number][] = [
            [topUp({ ...head, provider: 'stripe', cents }), microsOfCents(cents)],
            [charge({ ...head, type: 'rental_charge', lines }), microsOfCents(cents + other)],
            [grant({ ...head, type: 'github_bonus', cents }), microsOfCents(cents)],
            [holdAiCredit(head, held), held],
            [releaseAiCredit(head, held), held],
            [spendAiCredit(head, held, spent), spent],
          ];
          const quote = quoteTransfer(cents, other);
          if (quote.netMicros > 0) made.push([transferToAi(head, quote), microsOfCents(cents)]);
          for (const [transaction, amount] of made) {
            expect(sum(transaction)).toBe(0);
            expect(transaction.amountMicros).toBe(amount);
          }
        },
      ),
    );
  });
});

describe('AI credit', () => {
  it('can be named by no transaction of money', () => {
    const credit = { kind: 'user_ai', userId } as const;
    // @ts-expect-error AI accounts are no accounts of money
    const out: GeneralPosting = { account: credit, amountMicros: -10_000 };
    const make = () => generalTransaction(correction, [out, { account, amountMicros: 10_000 }]);
    expect(make).toThrow('AI credit never turns back');
    // @ts-expect-error nor is a transfer made by hand
    expect(() => generalTransaction({ ...head, type: 'transfer_to_ai' }, [])).toThrow();
  });

  it('is never spent beyond what was set aside, nor by less than nothing', () => {
    expect(() => spendAiCredit(head, 100, 101)).toThrow("can't be spent");
    expect(() => spendAiCredit(head, 100, 0)).toThrow("can't be spent");
    expect(() => spendAiCredit(head, 100, -1)).toThrow("can't be spent");
  });
});

describe('the fee of a transfer', () => {
  it.each([
    [10_000, 500, 500],
    [2_000, 500, 100],
    [101, 500, 6],
    [1, 500, 1],
    [100, 0, 0],
    [100, 9999, 100],
  ])('of %i cents at %i basis points is %i cents', (gross, bps, fee) => {
    const quote = quoteTransfer(gross, bps);
    expect(quote.feeMicros).toBe(microsOfCents(fee));
    expect(quote.netMicros).toBe(microsOfCents(gross - fee));
  });

  it('is never less for two parts than for the whole, and never more than the amount', () => {
    const cents = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(cents, cents, fc.integer({ min: 0, max: 9999 }), (one, two, bps) => {
        const fee = (gross: number) => quoteTransfer(gross, bps).feeMicros;
        expect(fee(one) + fee(two)).toBeGreaterThanOrEqual(fee(one + two));
        expect(quoteTransfer(one, bps).netMicros).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it.each([-1, 10_000, 0.5, Number.NaN])('of %d basis points is none', (bps) => {
    expect(() => quoteTransfer(100, bps)).toThrow("can't be taken");
  });
});
