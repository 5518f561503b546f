/** Balances, transactions and transfers. Amounts in texts are decimal dollars; numbers are dollars as well. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import {
  Count,
  FreeObject,
  ObjectId,
  PagePagination,
  SortOrder,
  Timestamp,
  pageQuery,
  queryInteger,
} from './scalars.ts';

/** Dollars as a text: two places, up to six where there are fractions of a cent. */
export const MoneyText = lazy(() => z.string().regex(/^-?\d+\.\d{2,6}$/));

/**
 * Dollars as a client sends them. Only bounded here: what is wrong with an amount has codes of its own
 * (AMOUNT_…), so that the text is read by the one function that knows them all.
 */
export const AmountText = lazy(() => z.string().max(64));

/** A client's own name for one attempt to move money. */
export const MoneyIdempotencyKey = lazy(() => z.string().min(1).max(128).regex(/\S/, 'must not be blank'));

export const GeneralBalance = lazy(() =>
  z.object({
    /** The wallet's id; each account has one wallet, which has the account's id. */
    id: ObjectId(),
    user_id: ObjectId(),
    general_balance: MoneyText(),
    /** Kept back while a payment is disputed; an addition of ours. */
    held_balance: MoneyText(),
    /** What is owed because money was taken back that had been spent; an addition of ours. */
    debt: MoneyText(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
  }),
);

/** `ai_limit`: all credit there ever was; `ai_usage`: what of it is spent or set aside for calls under way. */
const aiBalance = {
  ai_limit: MoneyText,
  ai_usage: MoneyText,
  ai_remaining: MoneyText,
};

export const AiBalance = lazy(() =>
  z.object({
    ai_limit: aiBalance.ai_limit(),
    ai_usage: aiBalance.ai_usage(),
    ai_remaining: aiBalance.ai_remaining(),
  }),
);

export const AggregateBalances = lazy(() =>
  AiBalance().extend({
    general_balance: MoneyText(),
    ai_usage_status: z.enum(['live', 'unavailable']),
  }),
);

export const TransferToAiBody = lazy(() =>
  z.strictObject({
    amount: AmountText(),
    idempotency_key: MoneyIdempotencyKey().optional(),
    expected_fee_bps: z.number().int().min(0).max(9999).optional(),
  }),
);

/** `gross_transferred` left the general balance; `net_ai_credit` of it arrived, `fee` did not. */
export const TransferReceipt = lazy(() =>
  z.object({
    transaction_id: ObjectId(),
    gross_transferred: MoneyText(),
    net_ai_credit: MoneyText(),
    fee: MoneyText(),
    fee_bps: Count(),
    /** As they are now; on a replay later than the transfer. */
    general_balance: MoneyText(),
    ai_balance: MoneyText(),
    key_created: z.boolean(),
    limit_sync_pending: z.boolean(),
    replayed: z.boolean(),
  }),
);

const TransactionDetail = lazy(() =>
  z.object({
    id: ObjectId(),
    transaction_id: ObjectId(),
    credit_type: z.enum(['general', 'ai', 'fee']),
    /** What that balance gained; negative: lost. */
    amount: z.number(),
    created_at: Timestamp(),
  }),
);

export const WalletTransaction = lazy(() =>
  z.object({
    id: ObjectId(),
    user_id: ObjectId(),
    payment_method_id: ObjectId().nullable(),
    transaction_type: z.enum(['payment', 'credit', 'debit', 'refund', 'adjustment']),
    /** What is in the books is done; what is under way is an intent. */
    status: z.enum(['pending', 'completed', 'failed', 'cancelled']),
    amount: z.number(),
    currency: z.string(),
    reason: z.string(),
    metadata: FreeObject().nullable(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
    details: z.array(TransactionDetail()),
  }),
);

/** A page by number or, as iterating clients ask, by how many lines to pass over; `offset` wins. */
export const pageOrOffset = () => ({ ...pageQuery(20), offset: queryInteger(0).optional() });

export const ListTransactionsQuery = lazy(() =>
  z.object({
    ...pageOrOffset(),
    sort_by: z
      .enum(['id', 'transaction_type', 'status', 'amount', 'created_at', 'updated_at'])
      .default('created_at'),
    sort_order: SortOrder().default('desc'),
  }),
);

export const TransactionListData = lazy(() =>
  z.object({ transactions: z.array(WalletTransaction()), pagination: PagePagination() }),
);

export const ListAiFeesQuery = lazy(() =>
  z.object({
    ...pageOrOffset(),
    sort_by: z.enum(['created_at', 'amount', 'transaction_id']).default('created_at'),
    sort_order: SortOrder().default('desc'),
  }),
);

export const AiFeeListData = lazy(() =>
  z.object({
    fees: z.array(
      z.object({
        id: ObjectId(),
        transaction_id: ObjectId(),
        amount: MoneyText(),
        created_at: Timestamp(),
        transaction: z.object({ id: ObjectId(), reason: z.string(), amount: MoneyText() }),
      }),
    ),
    pagination: PagePagination(),
  }),
);

const GithubBonusClaim = lazy(() =>
  z.object({ amount_usd: MoneyText(), at: Timestamp(), transaction_id: ObjectId() }),
);

/** `identity_claimed_elsewhere`: another account has had the bonus of the caller's GitHub identity. */
export const GithubBonus = lazy(() =>
  z.object({
    enabled: z.boolean(),
    repo: z.string(),
    amount_usd: MoneyText(),
    github_linked: z.boolean(),
    github_username: z.string().nullable(),
    claimed: z.boolean(),
    identity_claimed_elsewhere: z.boolean(),
    claim: GithubBonusClaim().nullable(),
  }),
);

/** Always answered with 200: `result` says what came of it. */
export const GithubBonusResult = lazy(() =>
  z.object({
    result: z.enum([
      'granted',
      'already_claimed',
      'identity_claimed_elsewhere',
      'not_linked',
      'offer_ended',
      'retry',
      'error',
    ]),
    amount_usd: MoneyText(),
    transaction_id: ObjectId().optional(),
    claim: GithubBonusClaim().nullable(),
  }),
);
