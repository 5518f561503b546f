import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { ObjectId, PagePagination, SortOrder, Timestamp } from './scalars.ts';
import { pageOrOffset } from './wallet.ts';

const InvoiceTransaction = lazy(() =>
  z.object({
    id: ObjectId(),
    transaction_type: z.string(),
    status: z.string(),
    amount: z.number(),
    currency: z.string(),
    created_at: Timestamp(),
  }),
);

export const InvoiceListItem = lazy(() =>
  z.object({
    id: ObjectId(),
    user_id: ObjectId(),
    transaction_id: ObjectId(),
    /** `INV-2026-000042`: counted by year, without gaps. */
    invoice_number: z.string(),
    status: z.string(),
    /** Dollars. */
    amount: z.number(),
    currency: z.string(),
    issue_date: Timestamp(),
    due_date: Timestamp(),
    paid_date: Timestamp().nullable(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
    transaction: InvoiceTransaction(),
  }),
);

export const Invoice = lazy(() =>
  InvoiceListItem().extend({
    billing_details: z.object({
      payment_method: z.string(),
      payment_method_type: z.string(),
      credit_type: z.string(),
      fee_bps: z.number().optional(),
      gross_amount: z.number(),
      net_amount: z.number(),
      fee_amount: z.number(),
      pay_currency: z.string(),
      amount_paid: z.number(),
    }),
    items: z.array(z.object({ type: z.string(), description: z.string(), amount: z.number() })),
  }),
);

/** An unknown `sort_by` is read as `created_at`. `filter`: JSON, see docs/money.md. */
export const ListInvoicesQuery = lazy(() =>
  z.object({
    ...pageOrOffset(),
    sort_by: z.string().max(200).default('created_at'),
    sort_order: SortOrder().default('desc'),
    filter: z.string().max(2000).optional(),
  }),
);

export const InvoiceListData = lazy(() =>
  z.object({ invoices: z.array(InvoiceListItem()), pagination: PagePagination() }),
);

export const GeneratedInvoice = lazy(() => z.object({ invoice_id: ObjectId(), invoice_number: z.string() }));
