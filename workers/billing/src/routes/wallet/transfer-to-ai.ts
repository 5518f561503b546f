import { hashSecret } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import type { RouteData } from '@control-plane/contract';
import { walletTransferToAi } from '@control-plane/contract/routes';
import {
  findTransaction,
  findTransactionByDedupeKey,
  postingsOf,
  postTransaction,
  readBalances,
  type LedgerTransactionRow,
} from '@control-plane/database';
import {
  formatUsd,
  microsOfCents,
  quoteTransfer,
  transferToAi as transferTransaction,
} from '@control-plane/ledger';
import type { Answer } from '@control-plane/serving';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { insufficientBalance } from '../../wallet/insufficient-balance.ts';
import { readAmount } from '../../wallet/read-amount.ts';
import { walletSettings } from '../../wallet/settings.ts';

type Receipt = RouteData<typeof walletTransferToAi>;

export const transferToAi = operation(walletTransferToAi, async ({ body }, context) => {
  const { database, principal, seedId, env } = context;
  const { userId } = principal;
  const { transferFeeBps, transferCents } = walletSettings(env);
  const grossCents = readAmount(body.amount, transferCents);
  if (!grossCents.ok) return grossCents;
  const dedupeKey =
    body.idempotency_key === undefined ? null : `transfer:${userId}:${hashSecret(body.idempotency_key)}`;

  const hasFeeChanged = body.expected_fee_bps !== undefined && body.expected_fee_bps !== transferFeeBps;
  if (hasFeeChanged) {
    // What was done under the old fee is done: a replay is answered before the fee counts.
    const earlier = await findEarlier(context, dedupeKey);
    if (earlier !== null) return replay(context, earlier, grossCents.value);
    return fail('TRANSFER_FEE_CHANGED', `The fee is ${transferFeeBps} basis points`, {
      data: { expected_fee_bps: body.expected_fee_bps, fee_bps: transferFeeBps },
    });
  }

  const quote = quoteTransfer(grossCents.value, transferFeeBps);
  if (quote.netMicros <= 0) return fail('AMOUNT_TOO_SMALL', 'The fee would leave nothing of the amount');
  const transaction = transferTransaction(
    {
      id: seedId,
      userId,
      description: 'Transfer to AI credit',
      now: Date.now(),
      ...(dedupeKey === null ? {} : { dedupeKey }),
    },
    quote,
  );
  switch (await postTransaction(database, transaction)) {
    case null:
      return receipt(context, {
        id: seedId,
        grossMicros: microsOfCents(quote.grossCents),
        netMicros: quote.netMicros,
        feeMicros: quote.feeMicros,
        feeBps: quote.feeBps,
        isReplay: false,
      });
    case 'INSUFFICIENT_BALANCE':
      return insufficientBalance(database, userId, grossCents.value);
    case 'DUPLICATE_TRANSACTION': {
      const earlier = await findEarlier(context, dedupeKey);
      if (earlier !== null) return replay(context, earlier, grossCents.value);
      break;
    }
    default:
  }
  throw new Error(`transfer ${seedId} was refused without a cause`);
});

/** What an earlier attempt posted, under the body's key or the header's. */
async function findEarlier(
  { database, principal, seedId }: AuthenticatedContext,
  dedupeKey: string | null,
): Promise<LedgerTransactionRow | null> {
  const byKey = dedupeKey === null ? null : await findTransactionByDedupeKey(database, dedupeKey);
  return byKey ?? findTransaction(database, principal.userId, seedId);
}

function replay(
  context: AuthenticatedContext,
  row: LedgerTransactionRow,
  grossCents: number,
): Promise<Result<Answer<Receipt>>> | Result<never> {
  if (row.amountMicros !== microsOfCents(grossCents)) {
    return fail(
      'TRANSFER_IDEMPOTENCY_KEY_REUSED',
      `This key was used for a transfer of ${formatUsd(row.amountMicros)} dollars`,
    );
  }
  const postings = postingsOf(row);
  const amount = (kind: string): number =>
    postings.find((posting) => posting.kind === kind)?.amountMicros ?? 0;
  const metadata: unknown = JSON.parse(row.metadataJson);
  const feeBps =
    typeof metadata === 'object' && metadata !== null && 'fee_bps' in metadata ? Number(metadata.fee_bps) : 0;
  return receipt(context, {
    id: row.id,
    grossMicros: row.amountMicros,
    netMicros: amount('user_ai'),
    feeMicros: amount('transfer_fees'),
    feeBps,
    isReplay: true,
  });
}

interface Transfer {
  readonly id: string;
  readonly grossMicros: number;
  readonly netMicros: number;
  readonly feeMicros: number;
  readonly feeBps: number;
  readonly isReplay: boolean;
}

async function receipt(
  { database, principal }: AuthenticatedContext,
  { id, grossMicros, netMicros, feeMicros, feeBps, isReplay }: Transfer,
): Promise<Result<Answer<Receipt>>> {
  const balances = await readBalances(database, principal.userId);
  return ok({
    message: isReplay ? 'This transfer was made before' : 'Transfer made',
    data: {
      transaction_id: id,
      gross_transferred: formatUsd(grossMicros),
      net_ai_credit: formatUsd(netMicros),
      fee: formatUsd(feeMicros),
      fee_bps: feeBps,
      general_balance: formatUsd(balances.generalMicros),
      ai_balance: formatUsd(balances.aiMicros),
      // Credit is spent through the ledger itself: there is no key to make and no limit to carry elsewhere.
      key_created: false,
      limit_sync_pending: false,
      replayed: isReplay,
    },
  });
}
