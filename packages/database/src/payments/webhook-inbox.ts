/** The providers' events as they were received. */
import { and, asc, eq, gte, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { paymentReferences, webhookInbox, webhookOutcomes } from '../schema.ts';
import type { PaymentProviderName } from './payment-intents.ts';

export type InboxRow = Readonly<typeof webhookInbox.$inferSelect>;
export type WebhookOutcome = (typeof webhookOutcomes.$inferSelect)['outcome'];

export const INBOX_COLUMNS = {
  provider: webhookInbox.provider,
  eventId: webhookInbox.eventId,
  eventType: webhookInbox.eventType,
  body: webhookInbox.body,
  receivedAt: webhookInbox.receivedAt,
};

/** Joins an event of the inbox with what came of it. */
export const sameEvent = and(
  eq(webhookInbox.provider, webhookOutcomes.provider),
  eq(webhookInbox.eventId, webhookOutcomes.eventId),
);

/** Whether an outcome stands for good. */
export function isSettledOutcome(outcome: WebhookOutcome): boolean {
  return outcome !== 'unmatched' && outcome !== 'unreadable' && outcome !== 'failed';
}

/** A verified event as it came. */
export interface ReceivedEvent {
  readonly provider: PaymentProviderName;
  readonly eventId: string;
  readonly eventType: string;
  readonly body: string;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** The statement that keeps an event, for a batch with what comes of it. */
export function inboxStatement(database: Database, event: ReceivedEvent) {
  return database.insert(webhookInbox).values(event).onConflictDoNothing();
}

/** An event of the inbox, or null. */
export async function findReceivedEvent(
  database: Database,
  provider: PaymentProviderName,
  eventId: string,
): Promise<InboxRow | null> {
  const [row] = await database
    .select()
    .from(webhookInbox)
    .where(and(eq(webhookInbox.provider, provider), eq(webhookInbox.eventId, eventId)));
  return row ?? null;
}

/** Keeps an event that could not be dealt with, so that it can be driven again. */
export async function keepReceivedEvent(database: Database, event: ReceivedEvent): Promise<void> {
  await inboxStatement(database, event);
}

/**
 * Notes that an event was driven again in vain: among those that are due it now comes behind all that were
 * not tried since. What it waits for stays; what was settled meanwhile stays settled.
 *
 * @param now Unix milliseconds
 */
export async function noteFailedTry(
  database: Database,
  { provider, eventId }: Pick<ReceivedEvent, 'provider' | 'eventId'>,
  now: number,
): Promise<void> {
  await database
    .insert(webhookOutcomes)
    .values({ provider, eventId, outcome: 'failed', processedAt: now })
    .onConflictDoUpdate({
      target: [webhookOutcomes.provider, webhookOutcomes.eventId],
      set: { processedAt: now },
      setWhere: inArray(webhookOutcomes.outcome, ['unmatched', 'unreadable', 'failed']),
    });
}

/** Which events of the inbox to drive again; absent filters do not filter. */
export interface InboxFilter {
  readonly provider?: PaymentProviderName;
  readonly eventId?: string;
  /**
   * `due`: nothing came of them yet, or they waited for a payment that is known by now (whoever made it known
   * died before it came to them); what was tried longest ago, or never, comes first, so that those that fail
   * every time take nobody's turn. `unsettled`: nothing came of them, unmatched and unreadable ones.
   */
  readonly state: 'due' | 'unsettled' | 'any';
  /** Received in this time, Unix milliseconds, both ends included. */
  readonly from?: number;
  readonly to?: number;
  /** Only what was received after this event. */
  readonly after?: Pick<InboxRow, 'receivedAt' | 'eventId'>;
  readonly limit: number;
}

const isUntouched = or(isNull(webhookOutcomes.outcome), eq(webhookOutcomes.outcome, 'failed'));
const isKnownByNow = sql`(${webhookOutcomes.outcome} = 'unmatched' and exists (select 1 from ${paymentReferences}
  where ${paymentReferences.provider} = ${webhookOutcomes.provider} and ${paymentReferences.reference} = ${webhookOutcomes.subject}))`;

/** A page of the inbox: oldest first, but what is due by its last try. */
export async function listInbox(database: Database, filter: InboxFilter): Promise<InboxRow[]> {
  const { provider, eventId, state, from, to, after, limit } = filter;
  return database
    .select(INBOX_COLUMNS)
    .from(webhookInbox)
    .leftJoin(webhookOutcomes, sameEvent)
    .where(
      and(
        provider === undefined ? undefined : eq(webhookInbox.provider, provider),
        eventId === undefined ? undefined : eq(webhookInbox.eventId, eventId),
        from === undefined ? undefined : gte(webhookInbox.receivedAt, from),
        to === undefined ? undefined : lte(webhookInbox.receivedAt, to),
        state === 'due' ? or(isUntouched, isKnownByNow) : undefined,
        state === 'unsettled'
          ? or(isUntouched, inArray(webhookOutcomes.outcome, ['unmatched', 'unreadable']))
          : undefined,
        after === undefined
          ? undefined
          : sql`(${webhookInbox.receivedAt}, ${webhookInbox.eventId}) > (${after.receivedAt}, ${after.eventId})`,
      ),
    )
    .orderBy(
      ...(state === 'due' ? [sql`coalesce(${webhookOutcomes.processedAt}, ${webhookInbox.receivedAt})`] : []),
      asc(webhookInbox.receivedAt),
      asc(webhookInbox.eventId),
    )
    .limit(limit);
}
