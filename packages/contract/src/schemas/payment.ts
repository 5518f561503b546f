/** Top-ups by card, crypto and bank transfer, and the ways in which users like to pay. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, FreeObject, ObjectId, Timestamp, queryInteger } from './scalars.ts';
import { AmountText, MoneyIdempotencyKey } from './wallet.ts';

const PaymentIntentStatus = lazy(() =>
  z.enum([
    'creating',
    'pending',
    'processing',
    'completed',
    'failed',
    'expired',
    'cancelled',
    'admin_review',
  ]),
);

/** `amount` in dollars. */
export const PaymentIntent = lazy(() =>
  z.object({
    id: ObjectId(),
    provider: z.string(),
    status: PaymentIntentStatus(),
    amount: z.number(),
    currency: z.string(),
    redirect_url: z.string().nullable(),
    credited_at: Timestamp().nullable(),
    expires_at: Timestamp().nullable(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
  }),
);

/** Clients write ids of intents in either case; stored ones are in lower case. */
export const PaymentIntentParams = lazy(() =>
  z.strictObject({
    id: z
      .string()
      .regex(/^[0-9a-fA-F]{24}$/, 'must be 24 hex digits')
      .transform((id) => id.toLowerCase()),
  }),
);

export const ListPaymentIntentsQuery = lazy(() =>
  z.object({ limit: queryInteger(1, 100).default(20), offset: queryInteger(0).default(0) }),
);
export const PaymentIntentListData = lazy(() =>
  z.object({ intents: z.array(PaymentIntent()), total: Count() }),
);

export const NewPaymentBody = lazy(() =>
  z.strictObject({ amount: AmountText(), idempotency_key: MoneyIdempotencyKey().optional() }),
);
export const StripeCheckoutData = lazy(() => z.object({ intent: PaymentIntent(), checkout_url: z.string() }));
export const CryptoInvoiceData = lazy(() => z.object({ intent: PaymentIntent(), invoice_url: z.string() }));

/** What the payer has to write into the transfer. `reference` is a creditor reference of ISO 11649. */
const TransferInstructions = lazy(() =>
  z.object({
    account_holder: z.string(),
    iban: z.string(),
    bic: z.string().nullable(),
    reference: z.string(),
  }),
);
export const BankTransferData = lazy(() =>
  z.object({ intent: PaymentIntent(), transfer: TransferInstructions() }),
);

/** One line of the bank's statement. `statement_id` names it and is booked once. */
export const BankBookingBody = lazy(() =>
  z.strictObject({
    statement_id: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters'),
    reference: z.string().min(1).max(64),
    amount: AmountText(),
    currency: z.enum(['USD']).default('USD'),
    /** `returned`: a transfer that was booked before went back to the payer. */
    kind: z.enum(['received', 'returned']).default('received'),
  }),
);
export const BankBookingData = lazy(() => z.object({ intent: PaymentIntent(), replayed: z.boolean() }));

const Offer = lazy(() =>
  z.object({ enabled: z.boolean(), min_usd: z.number().optional(), max_usd: z.number().optional() }),
);
/** `bank_transfer` is an addition of ours. */
export const PaymentAvailability = lazy(() =>
  z.object({
    stripe: Offer(),
    nowpayments: Offer(),
    bank_transfer: Offer(),
    ai_credit_fee_bps: z.number(),
  }),
);

const PaymentMethodType = lazy(() => z.enum(['credit_card', 'paypal', 'bank_transfer', 'crypto']));
const PaymentMethodStatus = lazy(() => z.enum(['active', 'inactive']));

export const PaymentMethod = lazy(() =>
  z.object({
    id: ObjectId(),
    user_id: ObjectId(),
    type: z.string(),
    name: z.string(),
    status: z.string(),
    details: FreeObject(),
    is_default: z.boolean(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
  }),
);
export const PaymentMethodListData = lazy(() => z.array(PaymentMethod()));

const DETAILS_BYTES_MAX = 4096;
/** Free, but small. Card numbers are refused: see CARD_NUMBER_FORBIDDEN. */
const MethodDetails = lazy(() =>
  FreeObject().refine((details) => JSON.stringify(details).length <= DETAILS_BYTES_MAX, {
    message: `must have at most ${DETAILS_BYTES_MAX} characters as JSON`,
  }),
);

/** `type` may be left out, because existing clients can't send it: it is `credit_card` then. */
export const AddPaymentMethodBody = lazy(() =>
  z.strictObject({
    name: z.string().max(100),
    type: PaymentMethodType().default('credit_card'),
    details: MethodDetails().optional(),
    is_default: z.boolean().optional(),
  }),
);
export const UpdatePaymentMethodBody = lazy(() =>
  z.strictObject({
    details: MethodDetails().optional(),
    status: PaymentMethodStatus().optional(),
    is_default: z.boolean().optional(),
  }),
);
