import { fail } from '@control-plane/contract/errors';
import type { PaymentMethodRow } from '@control-plane/database';
import * as z from 'zod';

const Details = z.record(z.string(), z.unknown());

/** A payment method as the API shows it. */
export function presentPaymentMethod(row: PaymentMethodRow) {
  return {
    id: row.id,
    user_id: row.userId,
    type: row.type,
    name: row.name,
    status: row.status,
    details: Details.parse(JSON.parse(row.detailsJson)),
    is_default: row.isDefault,
    created_at: new Date(row.createdAt).toISOString(),
    updated_at: new Date(row.updatedAt).toISOString(),
  };
}

/** The answer for a method that the caller does not have. */
export function noSuchMethod() {
  return fail('RESOURCE_NOT_FOUND', 'Payment method not found');
}

/** The refusal of a card's number or security code. */
export function cardNumberForbidden() {
  return fail(
    'CARD_NUMBER_FORBIDDEN',
    "Card numbers and security codes are never taken here; send the provider's token of the card as details.payment_method_id",
  );
}
