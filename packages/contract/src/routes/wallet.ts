import { AMOUNT_ERRORS } from '../errors.ts';
import { type RouteDefinition, defineRoute } from '../route.ts';
import { IdParams } from '../schemas/scalars.ts';
import * as wallet from '../schemas/wallet.ts';

const tag = 'wallet';

export const walletGetAggregateBalances = defineRoute({
  operationId: 'wallet.getAggregateBalances',
  method: 'GET',
  path: '/api/v1/wallet/balances',
  tag,
  summary: 'Get the balances of money and of AI credit',
  auth: 'bearer',
  permission: 'financial.wallet.read',
  success: [200],
  data: wallet.AggregateBalances,
  errors: [],
});

export const walletGetGeneralBalance = defineRoute({
  operationId: 'wallet.getGeneralBalance',
  method: 'GET',
  path: '/api/v1/wallet/balances/general',
  tag,
  summary: 'Get the balance of money',
  auth: 'bearer',
  permission: 'financial.wallet.read',
  success: [200],
  data: wallet.GeneralBalance,
  errors: [],
});

export const walletGetAiBalance = defineRoute({
  operationId: 'wallet.getAiBalance',
  method: 'GET',
  path: '/api/v1/wallet/balances/ai',
  tag,
  summary: 'Get the balance of AI credit',
  auth: 'bearer',
  permission: 'financial.wallet.read',
  success: [200],
  data: wallet.AiBalance,
  errors: [],
});

export const walletTransferToAi = defineRoute({
  operationId: 'wallet.transferToAi',
  method: 'POST',
  path: '/api/v1/wallet/transfers',
  tag,
  summary: 'Turn money into AI credit; there is no way back',
  auth: 'bearer',
  permission: 'financial.wallet.transfer',
  body: wallet.TransferToAiBody,
  success: [200],
  data: wallet.TransferReceipt,
  errors: [
    ...AMOUNT_ERRORS,
    'INSUFFICIENT_BALANCE',
    'TRANSFER_IDEMPOTENCY_KEY_REUSED',
    'TRANSFER_FEE_CHANGED',
  ],
});

export const walletListTransactions = defineRoute({
  operationId: 'wallet.listTransactions',
  method: 'GET',
  path: '/api/v1/wallet/transactions',
  tag,
  summary: "List the wallet's transactions",
  auth: 'bearer',
  permission: 'financial.wallet.read',
  query: wallet.ListTransactionsQuery,
  success: [200],
  data: wallet.TransactionListData,
  errors: [],
});

export const walletGetTransaction = defineRoute({
  operationId: 'wallet.getTransaction',
  method: 'GET',
  path: '/api/v1/wallet/transactions/{id}',
  tag,
  summary: 'Get a transaction',
  auth: 'bearer',
  permission: 'financial.wallet.read',
  params: IdParams,
  success: [200],
  data: wallet.WalletTransaction,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const walletListAiFeeHistory = defineRoute({
  operationId: 'wallet.listAiFeeHistory',
  method: 'GET',
  path: '/api/v1/wallet/ai-fee-history',
  tag,
  summary: 'List the fees of transfers to AI credit',
  auth: 'bearer',
  permission: 'financial.wallet.read',
  query: wallet.ListAiFeesQuery,
  success: [200],
  data: wallet.AiFeeListData,
  errors: [],
});

export const walletGetGithubBonus = defineRoute({
  operationId: 'wallet.getGithubBonus',
  method: 'GET',
  path: '/api/v1/wallet/github-bonus',
  tag,
  summary: 'See whether the bonus for GitHub accounts is offered, and taken',
  auth: 'bearer',
  success: [200],
  data: wallet.GithubBonus,
  errors: [],
});

export const walletClaimGithubBonus = defineRoute({
  operationId: 'wallet.claimGithubBonus',
  method: 'POST',
  path: '/api/v1/wallet/github-bonus/claim',
  tag,
  summary: 'Take the bonus for GitHub accounts; `result` says what came of it',
  auth: 'bearer',
  success: [200],
  data: wallet.GithubBonusResult,
  errors: [],
});

export const WALLET_ROUTES: readonly RouteDefinition[] = [
  walletGetAggregateBalances,
  walletGetGeneralBalance,
  walletGetAiBalance,
  walletTransferToAi,
  walletListTransactions,
  walletGetTransaction,
  walletListAiFeeHistory,
  walletGetGithubBonus,
  walletClaimGithubBonus,
];
