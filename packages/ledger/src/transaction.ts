import { isAiKind, ownerOf, type AiAccount, type GeneralAccount } from './accounts.ts';
import { MICROS_PER_CENT, POSTING_MICROS_MAX } from './money.ts';
import type { TransactionType } from './transaction-types.ts';

export const POSTINGS_MAX = 20;
const TEXT_LENGTH_MAX = 200;

export interface Posting<Account> {
  readonly account: Account;
  /** What the account gains; negative: what it gives. Never zero. */
  readonly amountMicros: number;
}
export type GeneralPosting = Posting<GeneralAccount>;

/** What a transaction says of itself beside its postings. */
export interface TransactionHead<Type extends TransactionType = TransactionType> {
  /** 24 hex digits. */
  readonly id: string;
  readonly type: Type;
  /** In whose list it stands. */
  readonly userId: string;
  /** For people, at most 200 characters. */
  readonly description: string;
  /** What it paid for, for example a rental. */
  readonly reference?: { readonly type: string; readonly id: string };
  /** Unique over all transactions, at most 200 characters: the same cause is never posted twice. */
  readonly dedupeKey?: string;
  readonly paymentMethodId?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>>;
  /** Unix milliseconds. */
  readonly now: number;
}

const sealed: unique symbol = Symbol('sealed');

/** A transaction that was put together and checked here; nothing else can make one. */
export interface LedgerTransaction extends TransactionHead {
  readonly postings: readonly Posting<GeneralAccount | AiAccount>[];
  /** What its line in a list says; positive. */
  readonly amountMicros: number;
  readonly [sealed]: true;
}

/**
 * A transaction among accounts of money. What it pays is the sum of what its accounts gain.
 *
 * @throws Error when the postings don't sum to zero or break another invariant: the caller has a bug
 */
export function generalTransaction(
  head: TransactionHead<Exclude<TransactionType, AiTransactionType>>,
  postings: readonly GeneralPosting[],
): LedgerTransaction {
  return seal(head, postings, gained(postings));
}

/** The types that only `ai-transactions.ts` makes. */
export type AiTransactionType = 'transfer_to_ai' | 'ai_hold' | 'ai_release' | 'ai_spend';

/** What the accounts of a transaction gain, taken together. */
export function gained(postings: readonly Posting<unknown>[]): number {
  return postings.reduce((sum, { amountMicros }) => sum + Math.max(amountMicros, 0), 0);
}

/** Checks and closes a transaction. Not exported by the package: the builders decide what may be mixed. */
export function seal(
  head: TransactionHead,
  postings: readonly Posting<GeneralAccount | AiAccount>[],
  amountMicros: number,
): LedgerTransaction {
  const fault = faultOf(head, postings);
  if (fault !== null) throw new Error(`transaction ${head.id} (${head.type}): ${fault}`);
  return { ...head, postings: [...postings], amountMicros, [sealed]: true };
}

function faultOf(
  head: TransactionHead,
  postings: readonly Posting<GeneralAccount | AiAccount>[],
): string | null {
  if (!/^[0-9a-f]{24}$/.test(head.id)) return 'its id is not 24 hex digits';
  if (head.description.length > TEXT_LENGTH_MAX) return 'its description is too long';
  if ((head.dedupeKey ?? '').length > TEXT_LENGTH_MAX) return 'its dedupe key is too long';
  if (postings.length < 2 || postings.length > POSTINGS_MAX) return `it has ${postings.length} postings`;
  let sum = 0;
  const seen = new Set<string>();
  for (const { account, amountMicros } of postings) {
    if (!Number.isSafeInteger(amountMicros) || amountMicros === 0) return 'a posting moves no whole amount';
    if (Math.abs(amountMicros) > POSTING_MICROS_MAX) return 'a posting is over the limit';
    if ('userId' in account && !isAiKind(account.kind) && amountMicros % MICROS_PER_CENT !== 0) {
      return `${account.kind} holds whole cents`;
    }
    const address = `${account.kind}:${ownerOf(account)}`;
    if (seen.has(address)) return `${address} is named twice`;
    seen.add(address);
    sum += amountMicros;
  }
  if (sum !== 0) return `its postings sum to ${sum}`;
  const leavesAi = postings.some(({ account, amountMicros }) => isAiKind(account.kind) && amountMicros < 0);
  if (leavesAi && !postings.every(({ account }) => isAiKind(account.kind)))
    return 'AI credit never turns back';
  return null;
}
