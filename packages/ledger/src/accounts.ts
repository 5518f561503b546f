/**
 * The accounts of the ledger. A posting is what an account gains (+) or gives (-). Users' money is
 * positive; a provider's clearing account goes negative as money comes in through it.
 *
 * There are two worlds: money, and AI credit. `ai-transactions.ts` has the one bridge, from money to credit;
 * the types below are what keeps all other code from naming an account of the AI world, and triggers in the
 * database refuse what the types can't see.
 */

/** Whole cents. `user_receivable` is what a user owes and is never positive; the others never negative. */
export const GENERAL_USER_KINDS = ['user_general', 'user_general_held', 'user_receivable'] as const;

/** Ours and the providers': any sign. */
export const HOUSE_KINDS = [
  'stripe_clearing',
  'nowpayments_clearing',
  'bank_clearing',
  'revenue',
  'transfer_fees',
  'tax',
  'promotional',
  'provider_fees',
  'dispute_losses',
  'adjustments',
] as const;

/**
 * Credit for AI, in micro-dollars; never negative. `user_ai_held` is reserved for calls under way,
 * `user_ai_spent` gathers what a user has spent.
 */
export const AI_KINDS = ['user_ai', 'user_ai_held', 'user_ai_spent'] as const;

export type HouseKind = (typeof HOUSE_KINDS)[number];
export type AccountKind = (typeof GENERAL_USER_KINDS)[number] | HouseKind | (typeof AI_KINDS)[number];

/** An account that any transaction of money may name. */
export type GeneralAccount =
  | { readonly kind: (typeof GENERAL_USER_KINDS)[number]; readonly userId: string }
  | { readonly kind: HouseKind };

/** An account of the AI world. */
export interface AiAccount {
  readonly kind: (typeof AI_KINDS)[number];
  readonly userId: string;
}

/** Whose account it is; empty for those of the house. */
export function ownerOf(account: GeneralAccount | AiAccount): string {
  return 'userId' in account ? account.userId : '';
}

const AI_WORLD: ReadonlySet<AccountKind> = new Set<AccountKind>(AI_KINDS);

/** Whether an account is of the AI world, which money never leaves. */
export function isAiKind(kind: AccountKind): boolean {
  return AI_WORLD.has(kind);
}
