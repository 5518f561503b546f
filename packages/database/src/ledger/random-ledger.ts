/** A seeded stream of transactions with a model of what they do to the balances, for tests. */
import {
  charge,
  generalTransaction,
  holdAiCredit,
  ownerOf,
  quoteTransfer,
  releaseAiCredit,
  spendAiCredit,
  topUp,
  transferToAi,
  type LedgerTransaction,
} from '@control-plane/ledger';

/** Whole numbers in [0, `bound`), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

const hex = (value: number): string => value.toString(16).padStart(24, '0');

/** Makes transactions and keeps the balances that they must come to. */
export class RandomLedger {
  readonly balances = new Map<string, number>();
  readonly userIds: readonly string[];
  readonly #random: (bound: number) => number;
  #made = 0;

  constructor(seed: number, users: number) {
    this.#random = seededRandom(seed);
    this.userIds = Array.from({ length: users }, (_, index) => hex(0xabc000 + index));
  }

  /** A transaction that may or may not be covered. */
  next(): LedgerTransaction {
    const random = this.#random;
    const userId = this.userIds[random(this.userIds.length)] ?? '';
    this.#made += 1;
    const head = { id: hex(this.#made), userId, description: 'random', now: this.#made };
    const cents = 1 + random(5_000);
    const micros = 1 + random(5_000_000);
    const held = this.balanceOf('user_ai_held', userId);
    switch (random(10)) {
      case 0:
      case 1:
      case 2:
        return topUp({ ...head, provider: 'stripe', cents: cents * 3 });
      case 3:
        return transferToAi(head, quoteTransfer(cents + 100, random(1000)));
      case 4:
        return holdAiCredit(head, micros);
      case 5:
        return spendAiCredit(head, Math.max(held, 1), 1 + random(Math.max(held, 1)));
      case 6:
        return releaseAiCredit(head, micros);
      case 7:
        return generalTransaction({ ...head, type: 'dispute_hold' }, [
          { account: { kind: 'user_general', userId }, amountMicros: -cents * 10_000 },
          { account: { kind: 'user_general_held', userId }, amountMicros: cents * 10_000 },
        ]);
      case 8:
        return generalTransaction({ ...head, type: 'payment_refund' }, [
          { account: { kind: 'user_receivable', userId }, amountMicros: -cents * 10_000 },
          { account: { kind: 'stripe_clearing' }, amountMicros: cents * 10_000 },
        ]);
      default:
        return charge({
          ...head,
          type: 'rental_charge',
          lines: [
            { to: 'revenue', cents },
            { to: 'tax', cents: random(300) },
          ],
        });
    }
  }

  balanceOf(kind: string, userId: string): number {
    return this.balances.get(`${kind}:${userId}`) ?? 0;
  }

  /** Whether every user's balance stays legal; a debt may grow. */
  isCovered({ postings }: LedgerTransaction): boolean {
    return postings.every(({ account, amountMicros }) => {
      if (!('userId' in account)) return true;
      const after = this.balanceOf(account.kind, account.userId) + amountMicros;
      return account.kind === 'user_receivable' ? after <= 0 : after >= 0;
    });
  }

  /** Takes a transaction's effect into the model. */
  apply({ postings }: LedgerTransaction): void {
    for (const { account, amountMicros } of postings) {
      const address = `${account.kind}:${ownerOf(account)}`;
      this.balances.set(address, (this.balances.get(address) ?? 0) + amountMicros);
    }
  }
}
