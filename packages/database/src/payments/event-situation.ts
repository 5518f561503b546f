import { and, eq, sql } from 'drizzle-orm';
import { prepared, type Database } from '../client.ts';
import {
  ledgerAccounts,
  paymentIntents,
  paymentParts,
  paymentReferences,
  paymentRevisions,
  webhookOutcomes,
} from '../schema.ts';
import type { PaymentIntentRow, PaymentProviderName } from './payment-intents.ts';
import type { WebhookOutcome } from './webhook-inbox.ts';

export type PaymentPartRow = Readonly<typeof paymentParts.$inferSelect>;

/** What an event is about, in the provider's words. */
export interface EventAddress {
  readonly provider: PaymentProviderName;
  readonly eventId: string;
  /** Names by which the provider may know the payment. */
  readonly references: readonly string[];
  /** The intent that the event itself names, if any. */
  readonly intentId: string | null;
}

/** All that a decision about an event needs. */
export interface EventSituation {
  /** What became of the event before; null: nothing yet. */
  readonly outcome: WebhookOutcome | null;
  readonly intent: Pick<PaymentIntentRow, 'id' | 'userId' | 'realmId' | 'amountCents' | 'creditedAt'> | null;
  readonly parts: readonly Pick<PaymentPartRow, 'kind' | 'reference' | 'stage' | 'amountCents'>[];
  /** The number of the user's last change of payments; 0 before the first. */
  readonly revision: number;
  readonly generalMicros: number;
  /** Never positive. */
  readonly receivableMicros: number;
}

/** One row for each part of the payment, or one without; built once, because every delivery asks it. */
const situationOf = prepared((database) => {
  const provider = sql.placeholder('provider');
  const intentId = sql`coalesce((
    select ${paymentReferences.intentId} from json_each(${sql.placeholder('references')}) as named
    join ${paymentReferences} on ${paymentReferences.provider} = ${provider} and ${paymentReferences.reference} = named.value
    order by named.key limit 1), ${sql.placeholder('intentId')})`;
  const balance = (kind: string) => sql<number | null>`(select ${ledgerAccounts.balanceMicros}
    from ${ledgerAccounts} where ${ledgerAccounts.kind} = ${kind} and ${ledgerAccounts.userId} = ${paymentIntents.userId})`;
  return database
    .select({
      outcome: webhookOutcomes.outcome,
      intent: {
        id: paymentIntents.id,
        userId: paymentIntents.userId,
        realmId: paymentIntents.realmId,
        amountCents: paymentIntents.amountCents,
        creditedAt: paymentIntents.creditedAt,
      },
      part: {
        kind: paymentParts.kind,
        reference: paymentParts.reference,
        stage: paymentParts.stage,
        amountCents: paymentParts.amountCents,
      },
      revision: sql<number | null>`(select max(${paymentRevisions.revision}) from ${paymentRevisions}
        where ${paymentRevisions.userId} = ${paymentIntents.userId})`,
      generalMicros: balance('user_general'),
      receivableMicros: balance('user_receivable'),
    })
    .from(sql`(select 1)`)
    .leftJoin(
      webhookOutcomes,
      and(eq(webhookOutcomes.provider, provider), eq(webhookOutcomes.eventId, sql.placeholder('eventId'))),
    )
    .leftJoin(paymentIntents, and(eq(paymentIntents.provider, provider), eq(paymentIntents.id, intentId)))
    .leftJoin(paymentParts, eq(paymentParts.intentId, paymentIntents.id))
    .prepare();
});

/** Reads what an event is about, in one statement. */
export async function readEventSituation(
  database: Database,
  { provider, eventId, references, intentId }: EventAddress,
): Promise<EventSituation> {
  const rows = await situationOf(database).execute({
    provider,
    eventId,
    intentId,
    references: JSON.stringify(references),
  });
  const [row] = rows;
  return {
    outcome: row?.outcome ?? null,
    intent: row?.intent ?? null,
    parts: rows.flatMap(({ part }) => (part === null ? [] : [part])),
    revision: row?.revision ?? 0,
    generalMicros: row?.generalMicros ?? 0,
    receivableMicros: row?.receivableMicros ?? 0,
  };
}
