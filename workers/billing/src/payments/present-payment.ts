import type { PaymentIntentRow } from '@control-plane/database';

const iso = (time: number): string => new Date(time).toISOString();
const isoOrNull = (time: number | null): string | null => (time === null ? null : iso(time));

/** An intent as the API shows it. */
export function presentPaymentIntent(row: PaymentIntentRow) {
  return {
    id: row.id,
    provider: row.provider,
    status: row.status,
    amount: row.amountCents / 100,
    currency: row.currency,
    redirect_url: row.redirectUrl,
    credited_at: isoOrNull(row.creditedAt),
    expires_at: isoOrNull(row.expiresAt),
    created_at: iso(row.createdAt),
    updated_at: iso(row.updatedAt),
  };
}
