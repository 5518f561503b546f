import { ok } from '@control-plane/contract/errors';
import { walletGetAiBalance } from '@control-plane/contract/routes';
import { readBalances } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentAiBalance } from '../../wallet/present-balances.ts';

export const getAiBalance = operation(walletGetAiBalance, async (_, context) => {
  const balances = await readBalances(context.database, context.principal.userId);
  return ok({ message: 'AI balance retrieved', data: presentAiBalance(balances) });
});
