import { and, count, desc, eq, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { paymentIntents, paymentReferences } from '../schema.ts';
import type { Scope } from '../scope.ts';

export type PaymentIntentRow = Readonly<typeof paymentIntents.$inferSelect>;
export type PaymentProviderName = PaymentIntentRow['provider'];

/** A new intent; `idempotencyKey` is the client's own, null for none. */
export interface NewPaymentIntent {
  readonly id: string;
  readonly provider: PaymentProviderName;
  readonly amountCents: number;
  readonly idempotencyKey: string | null;
  readonly transferReference?: string;
  readonly now: number;
}

/** Intents that a caller may see: their own, and on a realm's host those that were made on it. */
function visibleTo(scope: Scope, provider: PaymentProviderName): SQL | undefined {
  return and(
    eq(paymentIntents.userId, scope.userId),
    eq(paymentIntents.provider, provider),
    scope.realmId === null ? undefined : eq(paymentIntents.realmId, scope.realmId),
  );
}

/**
 * Adds an intent in status `creating`, or finds the one that the same key (or the same id: a retried
 * request) made before.
 *
 * @returns the intent as it is stored, which may have another amount than the one given
 */
export async function beginPaymentIntent(
  database: Database,
  scope: Scope,
  intent: NewPaymentIntent,
): Promise<PaymentIntentRow> {
  const { id, provider, amountCents, idempotencyKey, transferReference, now } = intent;
  const sameKey =
    idempotencyKey === null ? eq(paymentIntents.id, id) : eq(paymentIntents.idempotencyKey, idempotencyKey);
  const [, rows] = await database.batch([
    database
      .insert(paymentIntents)
      .values({
        id,
        userId: scope.userId,
        realmId: scope.realmId,
        provider,
        status: 'creating',
        amountCents,
        currency: 'USD',
        idempotencyKey,
        transferReference: transferReference ?? null,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing(),
    database
      .select()
      .from(paymentIntents)
      .where(and(eq(paymentIntents.userId, scope.userId), eq(paymentIntents.provider, provider), sameKey)),
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error(`the payment intent ${id} is somebody else's`);
  return row;
}

/** Where a new intent is paid and by which names its provider knows it. Times in Unix milliseconds. */
export interface OpenedPayment {
  readonly redirectUrl: string | null;
  readonly expiresAt: number | null;
  readonly references: readonly string[];
  readonly now: number;
}

/**
 * Makes a `creating` intent `pending`. One that an event has moved on already keeps its status, and the first
 * page stays.
 */
export async function openPaymentIntent(
  database: Database,
  intent: Pick<PaymentIntentRow, 'id' | 'provider'>,
  opened: OpenedPayment,
): Promise<PaymentIntentRow> {
  const { redirectUrl, expiresAt, references, now } = opened;
  const [rows] = await database.batch([
    database
      .update(paymentIntents)
      .set({
        redirectUrl: sql`coalesce(${paymentIntents.redirectUrl}, ${redirectUrl})`,
        expiresAt: sql`coalesce(${paymentIntents.expiresAt}, ${expiresAt})`,
        // One that was given up before it had a page is taken up again by it.
        status: sql`case when ${paymentIntents.status} = 'creating'
          or (${paymentIntents.status} = 'failed' and ${paymentIntents.redirectUrl} is null and ${paymentIntents.creditedAt} is null)
          then 'pending' else ${paymentIntents.status} end`,
        updatedAt: now,
      })
      .where(eq(paymentIntents.id, intent.id))
      .returning(),
    ...references.map((reference) =>
      database
        .insert(paymentReferences)
        .values({ provider: intent.provider, reference, intentId: intent.id })
        .onConflictDoNothing(),
    ),
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error(`there is no payment intent ${intent.id}`);
  return row;
}

/** One of the caller's intents, or null. */
export async function findPaymentIntent(
  database: Database,
  scope: Scope,
  provider: PaymentProviderName,
  id: string,
): Promise<PaymentIntentRow | null> {
  const [row] = await database
    .select()
    .from(paymentIntents)
    .where(and(visibleTo(scope, provider), eq(paymentIntents.id, id)));
  return row ?? null;
}

/** The intent that a provider knows by a name, whosever it is; for operators and events only. */
export async function findIntentByReference(
  database: Database,
  provider: PaymentProviderName,
  reference: string,
): Promise<PaymentIntentRow | null> {
  const [row] = await database
    .select({ intent: paymentIntents })
    .from(paymentReferences)
    .innerJoin(paymentIntents, eq(paymentIntents.id, paymentReferences.intentId))
    .where(and(eq(paymentReferences.provider, provider), eq(paymentReferences.reference, reference)));
  return row?.intent ?? null;
}

/** The caller's intents at one provider, newest first, and how many there are in all. */
export async function listPaymentIntents(
  database: Database,
  scope: Scope,
  provider: PaymentProviderName,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ rows: PaymentIntentRow[]; total: number }> {
  const where = visibleTo(scope, provider);
  const [rows, totals] = await database.batch([
    database
      .select()
      .from(paymentIntents)
      .where(where)
      .orderBy(desc(paymentIntents.createdAt), desc(paymentIntents.id))
      .limit(page.limit)
      .offset(page.offset),
    database.select({ total: count() }).from(paymentIntents).where(where),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

/** Intents whose provider never answered, older than `before` (Unix milliseconds), become `failed`. */
export async function failAbandonedIntents(database: Database, before: number, now: number): Promise<void> {
  await database
    .update(paymentIntents)
    .set({ status: 'failed', updatedAt: now })
    .where(and(eq(paymentIntents.status, 'creating'), sql`${paymentIntents.updatedAt} < ${before}`));
}
