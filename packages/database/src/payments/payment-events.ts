/** What comes of a provider's event: the one write of it. */
import type { LedgerTransaction } from '@control-plane/ledger';
import { and, asc, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { eventStatement, type NewEvent } from '../events.ts';
import { ledgerStatement } from '../ledger/index.ts';
import {
  paymentIntents,
  paymentParts,
  paymentReferences,
  paymentRevisions,
  webhookInbox,
  webhookOutcomes,
} from '../schema.ts';
import type { PaymentPartRow } from './event-situation.ts';
import type { PaymentIntentRow, PaymentProviderName } from './payment-intents.ts';
import {
  INBOX_COLUMNS,
  inboxStatement,
  isSettledOutcome,
  sameEvent,
  type InboxRow,
  type ReceivedEvent,
  type WebhookOutcome,
} from './webhook-inbox.ts';

function outcomeStatement(
  database: Database,
  event: ReceivedEvent,
  values: {
    readonly outcome: WebhookOutcome;
    readonly subject: string | null;
    readonly intentId: string | null;
    readonly now: number;
  },
  condition: SQL = sql`1`,
) {
  const { outcome, subject, intentId, now } = values;
  return database.run(sql`
    insert into ${webhookOutcomes} (provider, event_id, outcome, subject, intent_id, processed_at)
    select ${event.provider}, ${event.eventId}, ${outcome}, ${subject}, ${intentId}, ${now}
    where ${condition}
    on conflict (provider, event_id) do update set outcome = excluded.outcome, subject = excluded.subject,
      intent_id = excluded.intent_id, processed_at = excluded.processed_at
    where webhook_outcomes.outcome in ('unmatched', 'unreadable', 'failed')`);
}

/** What an event changes. */
export interface PaymentChange {
  readonly status: PaymentIntentRow['status'];
  readonly creditedAt: number | null;
  readonly parts: readonly Pick<PaymentPartRow, 'kind' | 'reference' | 'stage' | 'amountCents'>[];
  readonly transactions: readonly LedgerTransaction[];
  /** The number that this change takes; it fails if another one took it meanwhile. */
  readonly revision: number;
  readonly notice: NewEvent;
}

/**
 * Writes an event about a known intent with all that comes of it, or nothing at all.
 *
 * @param write `change` null: the event tells nothing new. `references`: what else the provider calls it.
 * @returns events that waited for one of the references, oldest first, at most `redrivenMax`
 * @throws an error that {@link isPaymentConflict} recognises when the situation has changed meanwhile
 */
export async function applyPaymentEvent(
  database: Database,
  event: ReceivedEvent,
  intent: Pick<PaymentIntentRow, 'id' | 'userId'>,
  write: {
    readonly subject: string;
    readonly references: readonly string[];
    readonly change: PaymentChange | null;
    readonly redrivenMax: number;
    readonly now: number;
  },
): Promise<InboxRow[]> {
  const { provider, eventId } = event;
  const { subject, references, change, redrivenMax, now } = write;
  const outcome = change === null ? 'unchanged' : 'applied';
  // In the same transaction as the references: an event is settled as unmatched only while there are none.
  const waiting = database
    .select(INBOX_COLUMNS)
    .from(webhookOutcomes)
    .innerJoin(webhookInbox, sameEvent)
    .where(
      and(
        eq(webhookOutcomes.provider, provider),
        eq(webhookOutcomes.outcome, 'unmatched'),
        inArray(webhookOutcomes.subject, [subject, ...references]),
      ),
    )
    .orderBy(asc(webhookInbox.receivedAt))
    .limit(redrivenMax);
  const [, , rows] = await database.batch([
    inboxStatement(database, event),
    outcomeStatement(database, event, { outcome, subject, intentId: intent.id, now }),
    waiting,
    ...references.map((reference) =>
      database
        .insert(paymentReferences)
        .values({ provider, reference, intentId: intent.id })
        .onConflictDoNothing(),
    ),
    ...(change === null ? [] : changeStatements(database, { provider, eventId }, intent, change, now)),
  ]);
  return rows;
}

function changeStatements(
  database: Database,
  cause: { readonly provider: PaymentProviderName; readonly eventId: string },
  intent: Pick<PaymentIntentRow, 'id' | 'userId'>,
  change: PaymentChange,
  now: number,
) {
  const { status, creditedAt, parts, transactions, revision, notice } = change;
  return [
    database.insert(paymentRevisions).values({
      ...cause,
      userId: intent.userId,
      // Settled meanwhile for another payment (one line of a statement, booked twice): then no number fits.
      revision: sql`case when (select intent_id from ${webhookOutcomes}
        where provider = ${cause.provider} and event_id = ${cause.eventId}) = ${intent.id} then ${revision} else -1 end`,
      intentId: intent.id,
      status,
      createdAt: now,
    }),
    database
      .update(paymentIntents)
      .set({ status, creditedAt, updatedAt: now })
      .where(eq(paymentIntents.id, intent.id)),
    ...parts.map((part) =>
      database
        .insert(paymentParts)
        .values({ ...part, provider: cause.provider, intentId: intent.id, updatedAt: now })
        .onConflictDoUpdate({
          target: [paymentParts.provider, paymentParts.kind, paymentParts.reference],
          set: { stage: part.stage, amountCents: part.amountCents, updatedAt: now },
        }),
    ),
    ...transactions.map((transaction) => ledgerStatement(database, transaction)),
    eventStatement(database, notice),
  ];
}

/** Whether a write failed because another event of the same user was quicker. */
export function isPaymentConflict(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at.message.includes('PAYMENT_REVISION_TAKEN')) return true;
  }
  return false;
}

/**
 * Writes an event that is about no known payment, or that needs no change of one.
 *
 * @returns false when a payment with one of `references` appeared meanwhile: nothing was written then
 */
export async function settleForeignEvent(
  database: Database,
  event: ReceivedEvent,
  outcome: 'applied' | 'ignored' | 'unmatched' | 'unreadable',
  subject: string | null,
  references: readonly string[],
  now: number,
): Promise<boolean> {
  const unknown =
    references.length === 0
      ? sql`1`
      : sql`not exists (select 1 from ${paymentReferences} where provider = ${event.provider} and reference in ${[...references]})`;
  const [, written] = await database.batch([
    inboxStatement(database, event),
    outcomeStatement(database, event, { outcome, subject, intentId: null, now }, unknown),
  ]);
  return written.rowsAffected > 0 || outcome !== 'unmatched' || (await isSettled(database, event));
}

async function isSettled(database: Database, event: ReceivedEvent): Promise<boolean> {
  const [row] = await database
    .select({ outcome: webhookOutcomes.outcome })
    .from(webhookOutcomes)
    .where(and(eq(webhookOutcomes.provider, event.provider), eq(webhookOutcomes.eventId, event.eventId)));
  return row !== undefined && isSettledOutcome(row.outcome);
}
