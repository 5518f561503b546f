import { ok } from '@control-plane/contract/errors';
import { walletGetAggregateBalances } from '@control-plane/contract/routes';
import { readBalances } from '@control-plane/database';
import { formatUsd } from '@control-plane/ledger';
import { operation } from '../../operation.ts';
import { presentAiBalance } from '../../wallet/present-balances.ts';

export const getAggregateBalances = operation(walletGetAggregateBalances, async (_, context) => {
  const balances = await readBalances(context.database, context.principal.userId);
  return ok({
    message: 'Balances retrieved',
    data: {
      general_balance: formatUsd(balances.generalMicros),
      ...presentAiBalance(balances),
      // The ledger is where usage is counted: there is nothing behind it that could be out of reach.
      ai_usage_status: 'live' as const,
    },
  });
});
