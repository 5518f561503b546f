import type { Operation } from '../../operation.ts';
import { claimGithubBonus } from './claim-github-bonus.ts';
import { getAggregateBalances } from './get-aggregate-balances.ts';
import { getAiBalance } from './get-ai-balance.ts';
import { getGeneralBalance } from './get-general-balance.ts';
import { getGithubBonus } from './get-github-bonus.ts';
import { getTransaction } from './get-transaction.ts';
import { listAiFeeHistory } from './list-ai-fee-history.ts';
import { listTransactions } from './list-transactions.ts';
import { transferToAi } from './transfer-to-ai.ts';

/** Balances, transactions and transfers; payments and invoices have folders of their own. */
export const walletOperations: readonly Operation[] = [
  getAggregateBalances,
  getGeneralBalance,
  getAiBalance,
  transferToAi,
  listTransactions,
  getTransaction,
  listAiFeeHistory,
  getGithubBonus,
  claimGithubBonus,
];
