import { and, eq } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { paymentCustomers } from '../schema.ts';
import type { PaymentProviderName } from './payment-intents.ts';

/** The provider's id of a user, or null. */
export async function findPaymentCustomer(
  database: Database,
  provider: PaymentProviderName,
  userId: string,
): Promise<string | null> {
  const [row] = await database
    .select({ customerId: paymentCustomers.customerId })
    .from(paymentCustomers)
    .where(and(eq(paymentCustomers.provider, provider), eq(paymentCustomers.userId, userId)));
  return row?.customerId ?? null;
}

/** Whose id at the provider it is, or null. */
export async function findCustomerOwner(
  database: Database,
  provider: PaymentProviderName,
  customerId: string,
): Promise<string | null> {
  const [row] = await database
    .select({ userId: paymentCustomers.userId })
    .from(paymentCustomers)
    .where(and(eq(paymentCustomers.provider, provider), eq(paymentCustomers.customerId, customerId)));
  return row?.userId ?? null;
}

/** Keeps a user's id at a provider; the first one stays. */
export async function keepPaymentCustomer(
  database: Database,
  customer: typeof paymentCustomers.$inferInsert,
): Promise<void> {
  await database.insert(paymentCustomers).values(customer).onConflictDoNothing();
}
