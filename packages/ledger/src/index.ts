export {
  AI_KINDS,
  GENERAL_USER_KINDS,
  HOUSE_KINDS,
  ownerOf,
  type AccountKind,
  type GeneralAccount,
  type HouseKind,
} from './accounts.ts';
export * from './ai-transactions.ts';
export * from './general-transactions.ts';
export * from './money.ts';
export * from './parse-amount.ts';
export * from './transaction-types.ts';
export {
  generalTransaction,
  POSTINGS_MAX,
  type GeneralPosting,
  type LedgerTransaction,
  type TransactionHead,
} from './transaction.ts';
