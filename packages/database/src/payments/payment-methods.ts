import { and, count, desc, eq, exists, ne, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { paymentMethods, webhookInbox, webhookOutcomes } from '../schema.ts';

export type PaymentMethodRow = Readonly<typeof paymentMethods.$inferSelect>;
export const PAYMENT_METHODS_MAX = 50;

/** All payment methods of a user, newest first. They belong to the account, whichever realm is looked from. */
export async function listPaymentMethods(database: Database, userId: string): Promise<PaymentMethodRow[]> {
  return database
    .select()
    .from(paymentMethods)
    .where(eq(paymentMethods.userId, userId))
    .orderBy(desc(paymentMethods.createdAt), desc(paymentMethods.id))
    .limit(PAYMENT_METHODS_MAX);
}

/** One of the user's payment methods, or null. */
export async function findPaymentMethod(
  database: Database,
  userId: string,
  id: string,
): Promise<PaymentMethodRow | null> {
  const [row] = await database
    .select()
    .from(paymentMethods)
    .where(and(eq(paymentMethods.userId, userId), eq(paymentMethods.id, id)));
  return row ?? null;
}

function clearDefault(database: Database, userId: string, exceptId: string) {
  return database
    .update(paymentMethods)
    .set({ isDefault: false })
    .where(
      and(
        eq(paymentMethods.userId, userId),
        eq(paymentMethods.isDefault, true),
        ne(paymentMethods.id, exceptId),
        sql`exists (select 1 from payment_methods as other where other.id = ${exceptId} and other.user_id = ${userId})`,
      ),
    );
}

/**
 * Adds a payment method; a repeated id changes nothing, and a method that the provider knows by the same
 * `providerMethodId` takes the new details. Making it the default unmakes the one before.
 *
 * @returns null when the user has as many as there may be
 */
export async function addPaymentMethod(
  database: Database,
  method: Omit<PaymentMethodRow, 'updatedAt' | 'status'>,
): Promise<PaymentMethodRow | null> {
  const { userId, id, isDefault } = method;
  const [held] = await database
    .select({ total: count() })
    .from(paymentMethods)
    .where(and(eq(paymentMethods.userId, userId), ne(paymentMethods.id, id)));
  if ((held?.total ?? 0) >= PAYMENT_METHODS_MAX) return null;
  const insert = database
    .insert(paymentMethods)
    .values({ ...method, isDefault: false, status: 'active', updatedAt: method.createdAt })
    .onConflictDoUpdate({
      target: paymentMethods.providerMethodId,
      set: { detailsJson: method.detailsJson, name: method.name, updatedAt: method.createdAt },
      setWhere: eq(paymentMethods.userId, userId),
    })
    .returning();
  const existing = await findPaymentMethod(database, userId, id);
  if (existing !== null) return existing;
  const [rows] = await database.batch([insert]);
  const [row] = rows;
  if (row === undefined) return null;
  return isDefault
    ? updatePaymentMethod(database, userId, row.id, { isDefault: true }, method.createdAt)
    : row;
}

export interface PaymentMethodChanges {
  readonly detailsJson?: string;
  readonly status?: PaymentMethodRow['status'];
  readonly isDefault?: boolean;
}

/** Changes a method; null when the user has no such one. */
export async function updatePaymentMethod(
  database: Database,
  userId: string,
  id: string,
  changes: PaymentMethodChanges,
  now: number,
): Promise<PaymentMethodRow | null> {
  const update = database
    .update(paymentMethods)
    .set({ ...changes, updatedAt: now })
    .where(and(eq(paymentMethods.userId, userId), eq(paymentMethods.id, id)))
    .returning();
  if (changes.isDefault === true) {
    const [, rows] = await database.batch([clearDefault(database, userId, id), update]);
    return rows[0] ?? null;
  }
  return (await update)[0] ?? null;
}

/** Removes a method; the row as it was, or null. */
export async function deletePaymentMethod(
  database: Database,
  userId: string,
  id: string,
): Promise<PaymentMethodRow | null> {
  const [row] = await database
    .delete(paymentMethods)
    .where(and(eq(paymentMethods.userId, userId), eq(paymentMethods.id, id)))
    .returning();
  return row ?? null;
}

/** Removes the method that a provider has forgotten, whosever it is. */
export async function forgetProviderMethod(database: Database, providerMethodId: string): Promise<void> {
  await database.delete(paymentMethods).where(eq(paymentMethods.providerMethodId, providerMethodId));
}

/** Removes the method if an event of `eventType` about it was settled before: what is forgotten stays so. */
export async function forgetMethodIfSettled(
  database: Database,
  providerMethodId: string,
  eventType: string,
): Promise<void> {
  const settled = database
    .select({ one: sql`1` })
    .from(webhookOutcomes)
    .innerJoin(
      webhookInbox,
      and(
        eq(webhookInbox.provider, webhookOutcomes.provider),
        eq(webhookInbox.eventId, webhookOutcomes.eventId),
      ),
    )
    .where(and(eq(webhookOutcomes.subject, providerMethodId), eq(webhookInbox.eventType, eventType)));
  await database
    .delete(paymentMethods)
    .where(and(eq(paymentMethods.providerMethodId, providerMethodId), exists(settled)));
}
