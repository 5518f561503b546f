import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moneySteps, type MoneyStep } from './money-steps.ts';
import { STAGES, type PartKind, type PaymentFact, type PaymentStatus } from './payment-facts.ts';
import { learn, statusOf, type PaymentParts } from './payment-state.ts';

const INTENT = 'a'.repeat(24);
const NOTHING: PaymentParts = new Map();

function fact(kind: PartKind, stage: string, amountCents = 0, reference: string | null = null): PaymentFact {
  // Stages come from the table below or from STAGES.
  return { kind, reference, stage, amountCents } as PaymentFact;
}
const learnAll = (facts: readonly PaymentFact[], from = NOTHING): PaymentParts =>
  facts.reduce((parts, each) => learn(parts, each, INTENT), from);

const paid = fact('receipt', 'received', 1000);
const cases: readonly (readonly [string, PaymentFact[], PaymentStatus])[] = [
  ['nothing', [], 'pending'],
  ['waiting', [fact('receipt', 'waiting')], 'pending'],
  ['money on its way', [fact('receipt', 'processing')], 'processing'],
  ['expired', [fact('receipt', 'expired')], 'expired'],
  ['failed after it was on its way', [fact('receipt', 'processing'), fact('receipt', 'failed')], 'failed'],
  ['cancelled', [fact('receipt', 'cancelled')], 'cancelled'],
  ['paid', [paid], 'completed'],
  ['paid after it had expired', [fact('receipt', 'expired'), paid], 'completed'],
  ['paid, and a late word that it is on its way', [paid, fact('receipt', 'processing')], 'completed'],
  ['less than asked', [fact('receipt', 'received', 999)], 'admin_review'],
  ['more than asked', [fact('receipt', 'received', 1001)], 'completed'],
  ['another currency', [fact('receipt', 'unclear')], 'admin_review'],
  [
    'one attempt expired, a second one is on its way',
    [fact('receipt', 'expired', 0, '1'), fact('receipt', 'processing', 0, '2')],
    'processing',
  ],
  ['partly refunded', [paid, fact('refund', 'sent', 400, 're_1')], 'completed'],
  [
    'wholly refunded',
    [paid, fact('refund', 'sent', 400, '1'), fact('refund', 'sent', 600, '2')],
    'cancelled',
  ],
  [
    'refunded, but it came back',
    [paid, fact('refund', 'sent', 1000, '1'), fact('refund', 'failed', 1000, '1')],
    'completed',
  ],
  ['a refund that waits for the payer', [paid, fact('refund', 'requested', 1000, '1')], 'completed'],
  ['refunded in all', [paid, fact('refund_total', 'sent', 1000, 'ch')], 'cancelled'],
  ['returned', [paid, fact('receipt', 'returned')], 'cancelled'],
  ['an inquiry', [paid, fact('dispute', 'inquiry', 1000, 'd')], 'completed'],
  ['disputed', [paid, fact('dispute', 'open', 1000, 'd')], 'admin_review'],
  ['dispute won', [paid, fact('dispute', 'open', 1000, 'd'), fact('dispute', 'won', 1000, 'd')], 'completed'],
  ['dispute lost', [paid, fact('dispute', 'lost', 1000, 'd')], 'cancelled'],
  ['disputed before the payment was told', [fact('dispute', 'open', 1000, 'd'), paid], 'admin_review'],
];

describe('status of an intent over 10 dollars', () => {
  it.each(cases)('%s', (_, facts, status) => {
    expect(statusOf(learnAll(facts), 1000)).toBe(status);
  });
});

describe('money', () => {
  const steps = (before: readonly PaymentFact[], after: readonly PaymentFact[]): string[] =>
    moneySteps(learnAll(before), learnAll([...before, ...after])).map(
      ({ name, amountCents }) => `${name} ${amountCents}`,
    );

  it.each([
    ['a payment', [], [paid], ['credit 1000']],
    ['the same payment again', [paid], [paid], []],
    ['a payment on its way', [], [fact('receipt', 'processing', 1000)], []],
    [
      'a partial payment that is completed',
      [fact('receipt', 'received', 300, '7')],
      [fact('receipt', 'received', 1000, '7')],
      ['credit 700'],
    ],
    ['a refund', [paid], [fact('refund', 'sent', 400, '1')], ['refund 400']],
    [
      'a refund told as a total and by name',
      [paid, fact('refund_total', 'sent', 400, 'ch')],
      [fact('refund', 'sent', 400, '1')],
      [],
    ],
    [
      'a second refund told as a total',
      [paid, fact('refund', 'sent', 400, '1')],
      [fact('refund_total', 'sent', 700, 'ch')],
      ['refund 300'],
    ],
    [
      'a refund that failed before it was told',
      [paid],
      [fact('refund', 'failed', 400, '1')],
      ['refund 400', 'refund_failed 400'],
    ],
    ['a dispute', [paid], [fact('dispute', 'open', 1000, 'd')], ['hold 1000']],
    ['a dispute won unseen', [paid], [fact('dispute', 'won', 1000, 'd')], ['hold 1000', 'release 1000']],
    [
      'a dispute lost',
      [paid, fact('dispute', 'open', 1000, 'd')],
      [fact('dispute', 'lost', 1000, 'd')],
      ['lose 1000'],
    ],
    [
      'a lost dispute that is won on appeal',
      [paid, fact('dispute', 'lost', 1000, 'd')],
      [fact('dispute', 'won', 1000, 'd')],
      ['regain 1000'],
    ],
    ['a return', [paid], [fact('receipt', 'returned')], ['take_back 1000']],
    ['a return of what never came', [], [fact('receipt', 'returned')], []],
  ] as [string, PaymentFact[], PaymentFact[], string[]][])('%s', (_, before, after, expected) => {
    expect(steps(before, after)).toStrictEqual(expected);
  });
});

const anyFact: fc.Arbitrary<PaymentFact> = fc
  .constantFrom(...(Object.keys(STAGES) as PartKind[]))
  .chain((kind) =>
    fc
      .tuple(
        fc.constantFrom(...(STAGES[kind] as readonly string[])),
        fc.integer({ min: 0, max: 5 }).map((units) => units * 100),
        fc.constantFrom('1', '2'),
      )
      .map(([stage, cents, reference]) => fact(kind, stage, cents, reference)),
  );

/** Everything that steps moved, by name. */
function totals(steps: readonly MoneyStep[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { name, amountCents } of steps) sums[name] = (sums[name] ?? 0) + amountCents;
  return sums;
}

describe('whatever the order', () => {
  it('facts told in any order, with any repetition, end in the same state and the same money', () => {
    fc.assert(
      fc.property(fc.array(anyFact, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (facts, randoms) => {
        const shuffled = [...facts, ...facts]
          .map((each) => [randoms.next().value ?? 0, each] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, each]) => each);
        const run = (order: readonly PaymentFact[]) => {
          let parts = NOTHING;
          const steps: MoneyStep[] = [];
          for (const each of order) {
            const next = learn(parts, each, INTENT);
            steps.push(...moneySteps(parts, next));
            parts = next;
          }
          return { parts, steps };
        };
        const [once, again] = [run(facts), run(shuffled)];
        expect(new Map([...again.parts].toSorted())).toStrictEqual(new Map([...once.parts].toSorted()));
        // A loss that was undone and one that never was: the user ends with the same money either way.
        const net = (sums: Record<string, number>) => ({
          ...sums,
          lose: 0,
          regain: 0,
          release: (sums['release'] ?? 0) + (sums['regain'] ?? 0),
          house: (sums['lose'] ?? 0) - (sums['regain'] ?? 0),
        });
        expect(net(totals(again.steps))).toStrictEqual(net(totals(once.steps)));
      }),
      { numRuns: 2000 },
    );
  });

  it('no step of an intent has the key of another one', () => {
    fc.assert(
      fc.property(fc.array(anyFact, { maxLength: 15 }), (facts) => {
        const keys = new Set<string>();
        let parts = NOTHING;
        for (const each of facts) {
          const next = learn(parts, each, INTENT);
          for (const { key } of moneySteps(parts, next)) {
            expect(keys.has(key)).toBe(false);
            keys.add(key);
          }
          parts = next;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
