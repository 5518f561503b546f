import { postingsOf, type LedgerTransactionRow, type UserRow } from '@control-plane/database';
import { isTransactionType, microsOfCents, type TransactionType } from '@control-plane/ledger';
import * as z from 'zod';

const Seller = z.strictObject({
  name: z.string().min(1).max(100),
  address: z.array(z.string().max(100)).max(6).default([]),
  tax_id: z.string().max(50).optional(),
  email: z.string().max(200).optional(),
});

/** Everything that an invoice states, as it was on the day that it was issued. Amounts in micro-dollars. */
export const InvoiceDocument = z.object({
  seller: Seller,
  buyer: z.object({ name: z.string(), email: z.string(), account_id: z.string() }),
  lines: z.array(z.object({ type: z.string(), description: z.string(), amount_micros: z.number() })),
  tax_micros: z.number(),
  total_micros: z.number(),
  payment_method: z.string(),
  payment_method_type: z.string(),
  credit_type: z.string(),
  fee_bps: z.number().nullable(),
  fee_micros: z.number(),
});
export type InvoiceDocument = z.infer<typeof InvoiceDocument>;

/** Payments for which an invoice can be asked. */
const INVOICEABLE: ReadonlySet<TransactionType> = new Set<TransactionType>([
  'top_up',
  'rental_charge',
  'rental_extension',
  'offer_charge',
  'metering_charge',
  'image_purchase',
  'transfer_to_ai',
]);

/** Whether a transaction is something that was paid for. */
export function isInvoiceable({ type }: LedgerTransactionRow): boolean {
  return isTransactionType(type) && INVOICEABLE.has(type);
}

/**
 * The seller of all invoices; null when none is set.
 *
 * @throws Error when the setting can't be read: an invoice that names nobody is worse than none
 */
export function readSeller(text: string | undefined): z.infer<typeof Seller> | null {
  return text === undefined || text === '' ? null : Seller.parse(JSON.parse(text));
}

/** What an invoice reads of a transaction's metadata. */
const Metadata = z.object({ fee_bps: z.number().optional(), setup_fee_cents: z.number().int().optional() });

const METHODS: Readonly<Record<string, readonly [name: string, type: string]>> = {
  stripe_clearing: ['stripe', 'credit_card'],
  nowpayments_clearing: ['nowpayments', 'crypto'],
  bank_clearing: ['bank', 'bank_transfer'],
};

/** Puts an invoice together from what was posted: its lines and its tax are postings, nothing is computed anew. */
export function composeDocument(
  transaction: LedgerTransactionRow,
  user: UserRow,
  seller: z.infer<typeof Seller>,
): InvoiceDocument {
  const postings = postingsOf(transaction);
  const amountOf = (kind: string): number =>
    postings
      .filter((posting) => posting.kind === kind)
      .reduce((sum, { amountMicros }) => sum + amountMicros, 0);
  const taxMicros = amountOf('tax');
  const feeMicros = amountOf('transfer_fees');
  const clearing = postings.find(({ kind }) => METHODS[kind] !== undefined);
  const [method, methodType] = METHODS[clearing?.kind ?? ''] ?? ['balance', 'balance'];
  const metadata = Metadata.parse(JSON.parse(transaction.metadataJson));
  // Both go to the same account, so that the ledger has one posting for what the invoice shows as two lines.
  const setupMicros = microsOfCents(metadata.setup_fee_cents ?? 0);
  const netMicros = transaction.amountMicros - taxMicros - feeMicros - setupMicros;
  const lines = [
    { type: transaction.type, description: transaction.description, amount_micros: netMicros },
    { type: 'setup_fee', description: 'Setup fee', amount_micros: setupMicros },
    { type: 'fee', description: 'Transfer fee', amount_micros: feeMicros },
  ].filter(({ amount_micros: micros }) => micros !== 0);
  return {
    seller,
    buyer: { name: user.alias ?? user.username, email: user.email, account_id: user.id },
    lines,
    tax_micros: taxMicros,
    total_micros: transaction.amountMicros,
    payment_method: method,
    payment_method_type: methodType,
    credit_type: transaction.type === 'transfer_to_ai' ? 'ai' : 'general',
    fee_bps: metadata.fee_bps ?? null,
    fee_micros: feeMicros,
  };
}

/** A stored document. */
export function parseDocument(text: string): InvoiceDocument {
  return InvoiceDocument.parse(JSON.parse(text));
}
