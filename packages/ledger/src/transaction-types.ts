/**
 * Every reason for which money moves, with the word that the API's `transaction_type` has for it. `hidden`
 * ones are book-keeping that users don't see in their list.
 */
export const TRANSACTION_TYPES = {
  top_up: 'payment',
  payment_refund: 'refund',
  dispute_hold: 'adjustment',
  dispute_won: 'adjustment',
  dispute_lost: 'adjustment',
  debt_repayment: 'adjustment',
  rental_charge: 'debit',
  rental_extension: 'debit',
  rental_refund: 'refund',
  offer_charge: 'debit',
  offer_refund: 'refund',
  metering_charge: 'debit',
  image_purchase: 'debit',
  promotional_credit: 'credit',
  github_bonus: 'credit',
  transfer_to_ai: 'debit',
  ai_spend: 'debit',
  ai_hold: 'hidden',
  ai_release: 'hidden',
  correction: 'adjustment',
} as const satisfies Record<string, 'payment' | 'credit' | 'debit' | 'refund' | 'adjustment' | 'hidden'>;

export type TransactionType = keyof typeof TRANSACTION_TYPES;
export type VisibleTransactionType = Exclude<(typeof TRANSACTION_TYPES)[TransactionType], 'hidden'>;

/** Whether a stored text is a type that this version knows. */
export function isTransactionType(text: string): text is TransactionType {
  return Object.hasOwn(TRANSACTION_TYPES, text);
}

/** The types that a user's list shows. */
export const VISIBLE_TYPES: readonly TransactionType[] = Object.keys(TRANSACTION_TYPES).filter(
  (type): type is TransactionType => isTransactionType(type) && TRANSACTION_TYPES[type] !== 'hidden',
);
