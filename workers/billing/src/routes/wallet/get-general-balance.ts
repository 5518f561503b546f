import { ok } from '@control-plane/contract/errors';
import { walletGetGeneralBalance } from '@control-plane/contract/routes';
import { findUser, readBalances } from '@control-plane/database';
import { formatUsd } from '@control-plane/ledger';
import { operation } from '../../operation.ts';

export const getGeneralBalance = operation(walletGetGeneralBalance, async (_, context) => {
  const { userId } = context.principal;
  const [balances, user] = await Promise.all([
    readBalances(context.database, userId),
    findUser(context.database, userId),
  ]);
  // A wallet is as old as its account, whether or not it was ever used.
  const createdAt = user?.createdAt ?? balances.createdAt ?? 0;
  return ok({
    message: 'General balance retrieved',
    data: {
      id: userId,
      user_id: userId,
      general_balance: formatUsd(balances.generalMicros),
      held_balance: formatUsd(balances.generalHeldMicros),
      debt: formatUsd(Math.abs(balances.receivableMicros)),
      created_at: new Date(createdAt).toISOString(),
      updated_at: new Date(balances.updatedAt ?? createdAt).toISOString(),
    },
  });
});
