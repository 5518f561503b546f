/**
 * All that can happen to AI credit. It comes in by a transfer from the general balance and is spent;
 * there is no function that takes it out again, and these are the only ones that name its accounts.
 */
import type { AiAccount, GeneralAccount } from './accounts.ts';
import { MICROS_PER_CENT, microsOfCents } from './money.ts';
import { gained, seal, type LedgerTransaction, type Posting, type TransactionHead } from './transaction.ts';

type Head = Omit<TransactionHead, 'type'>;

/** What a transfer of `grossCents` costs and brings. */
export interface TransferQuote {
  readonly grossCents: number;
  readonly feeBps: number;
  readonly feeMicros: number;
  readonly netMicros: number;
}

const BPS_MAX = 10_000;

/**
 * The fee is taken out of what is transferred and rounded up to a whole cent, so that many small transfers
 * are never cheaper than one large one.
 *
 * @param feeBps basis points, 0 to 9999
 */
export function quoteTransfer(grossCents: number, feeBps: number): TransferQuote {
  if (!Number.isSafeInteger(feeBps) || feeBps < 0 || feeBps >= BPS_MAX) {
    throw new Error(`a fee of ${feeBps} basis points can't be taken`);
  }
  const feeMicros = microsOfCents(Math.ceil((grossCents * feeBps) / BPS_MAX));
  return { grossCents, feeBps, feeMicros, netMicros: microsOfCents(grossCents) - feeMicros };
}

/** Money becomes AI credit, once and for good. */
export function transferToAi(head: Head, quote: TransferQuote): LedgerTransaction {
  const { grossCents, feeMicros, netMicros, feeBps } = quote;
  const { userId } = head;
  const postings: Posting<GeneralAccount | AiAccount>[] = [
    { account: { kind: 'user_general', userId }, amountMicros: -grossCents * MICROS_PER_CENT },
    { account: { kind: 'user_ai', userId }, amountMicros: netMicros },
  ];
  if (feeMicros > 0) postings.push({ account: { kind: 'transfer_fees' }, amountMicros: feeMicros });
  const metadata = { ...head.metadata, fee_bps: feeBps };
  return seal({ ...head, metadata, type: 'transfer_to_ai' }, postings, gained(postings));
}

/** Sets credit aside for a call that is about to be made: the most that it may cost. */
export function holdAiCredit(head: Head, holdMicros: number): LedgerTransaction {
  const { userId } = head;
  return seal(
    { ...head, type: 'ai_hold' },
    [
      { account: { kind: 'user_ai', userId }, amountMicros: -holdMicros },
      { account: { kind: 'user_ai_held', userId }, amountMicros: holdMicros },
    ],
    holdMicros,
  );
}

/** Gives all that was set aside back. */
export function releaseAiCredit(head: Head, holdMicros: number): LedgerTransaction {
  const { userId } = head;
  return seal(
    { ...head, type: 'ai_release' },
    [
      { account: { kind: 'user_ai_held', userId }, amountMicros: -holdMicros },
      { account: { kind: 'user_ai', userId }, amountMicros: holdMicros },
    ],
    holdMicros,
  );
}

/** Spends a part of what was set aside (more than nothing, at most all) and gives the rest back. */
export function spendAiCredit(head: Head, holdMicros: number, spentMicros: number): LedgerTransaction {
  const { userId } = head;
  if (spentMicros <= 0 || spentMicros > holdMicros) {
    throw new Error(`${spentMicros} can't be spent of ${holdMicros} micro-dollars`);
  }
  const postings: Posting<AiAccount>[] = [
    { account: { kind: 'user_ai_held', userId }, amountMicros: -holdMicros },
    { account: { kind: 'user_ai_spent', userId }, amountMicros: spentMicros },
  ];
  if (spentMicros < holdMicros) {
    postings.push({ account: { kind: 'user_ai', userId }, amountMicros: holdMicros - spentMicros });
  }
  return seal({ ...head, type: 'ai_spend' }, postings, spentMicros);
}
