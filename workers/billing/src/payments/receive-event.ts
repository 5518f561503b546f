/** The one way of an event into the books, whichever provider it came from and however often it comes. */
import {
  applyPaymentEvent,
  isPaymentConflict,
  isSettledOutcome,
  keepReceivedEvent,
  ledgerRefusal,
  readEventSituation,
  settleForeignEvent,
  type Database,
  type EventSituation,
  type PaymentChange,
  type ReceivedEvent,
} from '@control-plane/database';
import { centsOfMicros } from '@control-plane/ledger';
import { digestId } from './digest-id.ts';
import { moneySteps } from './money-steps.ts';
import { readPart, type PaymentFact } from './payment-facts.ts';
import type { EventSource, PaymentReadingOfPayment } from './payment-reading.ts';
import { learn, partKey, receivedCents, statusOf, type PaymentParts } from './payment-state.ts';
import { planTransactions } from './plan-transactions.ts';
import { settleMethodEvent } from './settle-method-event.ts';

/**
 * Each attempt that fails does so because another event of the same user was written: with this many at
 * once the provider is asked to come again.
 */
const ATTEMPTS_MAX = 100;
const PAUSE_MS_MAX = 64;
/** Events that came before their payment was known and are dealt with behind it. */
const REDRIVEN_MAX = 20;

export type ReceivedOutcome =
  | 'applied'
  | 'unchanged'
  | 'ignored'
  | 'unmatched'
  | 'duplicate'
  /** Kept, but not understood. */
  | 'unreadable'
  /** Too many at once: nothing was done. */
  | 'busy';

/**
 * Deals with one genuine event. Its row in the inbox, the new state and every posting are written by one
 * transaction; a repeated event changes nothing.
 *
 * @throws when the database or the provider fails; the event is kept for another try where that is possible
 */
export async function receiveEvent(
  database: Database,
  source: EventSource,
  event: ReceivedEvent,
  now: number,
): Promise<ReceivedOutcome> {
  const { outcome, waiting } = await receiveOne(database, source, event, now);
  for (const early of waiting) await receiveOne(database, source, early, now);
  return outcome;
}

interface Received {
  readonly outcome: ReceivedOutcome;
  /** Events that waited for this one. */
  readonly waiting: readonly ReceivedEvent[];
}

async function receiveOne(
  database: Database,
  source: EventSource,
  event: ReceivedEvent,
  now: number,
): Promise<Received> {
  const reading = source.read(event.body);
  switch (reading.kind) {
    case 'payment':
      return receivePaymentEvent(database, source, event, reading, now);
    case 'method_saved':
    case 'method_forgotten':
      return { outcome: await settleMethodEvent(database, event, reading, now), waiting: [] };
    case 'ignored':
      await settleForeignEvent(database, event, 'ignored', null, [], now);
      return { outcome: 'ignored', waiting: [] };
    case 'unreadable':
      await settleForeignEvent(database, event, 'unreadable', null, [], now);
      return { outcome: 'unreadable', waiting: [] };
  }
}

async function receivePaymentEvent(
  database: Database,
  source: EventSource,
  event: ReceivedEvent,
  reading: PaymentReadingOfPayment,
  now: number,
): Promise<Received> {
  const { subject, question } = reading;
  let { references, intentId } = reading;
  let facts = reading.facts;
  let isOwnerAsked = false;
  let isQuestionAsked = question === undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const { provider, eventId } = event;
    const situation = await readEventSituation(database, { provider, eventId, references, intentId });
    if (situation.outcome !== null && isSettledOutcome(situation.outcome)) {
      return { outcome: 'duplicate', waiting: [] };
    }
    const { intent } = situation;
    if (intent === null) {
      if (!isOwnerAsked) {
        isOwnerAsked = true;
        const owner = await askKept(database, event, () => source.findOwner(subject));
        if (owner !== null) {
          references = [...new Set([...references, ...owner.references])];
          intentId = owner.intentId;
          continue;
        }
      }
      if (await settleForeignEvent(database, event, 'unmatched', subject, references, now)) {
        return { outcome: 'unmatched', waiting: [] };
      }
      continue;
    }
    if (!isQuestionAsked && question !== undefined) {
      isQuestionAsked = true;
      const told = await askKept(database, event, () => source.answer(question));
      // What is told one by one comes first: a total then adds nothing.
      facts = [...told, ...facts];
    }
    const change = decideChange(situation, intent, event, facts, now);
    try {
      const waiting = await applyPaymentEvent(database, event, intent, {
        subject,
        references,
        change,
        redrivenMax: REDRIVEN_MAX,
        now,
      });
      return { outcome: change === null ? 'unchanged' : 'applied', waiting };
    } catch (error) {
      // Somebody paid, spent or was paid since the situation was read: decide again.
      if (!isPaymentConflict(error) && ledgerRefusal(error) === null) throw error;
      await pause(attempt);
    }
  }
  await keepReceivedEvent(database, event);
  return { outcome: 'busy', waiting: [] };
}

/** A short while of random length, so that events of one user which met don't meet again. */
function pause(attempt: number): Promise<void> {
  const longestMs = Math.min(PAUSE_MS_MAX, 2 ** attempt);
  return new Promise((wake) => {
    setTimeout(wake, Math.random() * longestMs);
  });
}

/** Asks a provider; when it can't answer, the event is kept before the failure goes on. */
async function askKept<T>(database: Database, event: ReceivedEvent, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    await keepReceivedEvent(database, event);
    throw error;
  }
}

/** What the facts change; null for nothing. */
function decideChange(
  situation: EventSituation,
  intent: NonNullable<EventSituation['intent']>,
  event: ReceivedEvent,
  facts: readonly PaymentFact[],
  now: number,
): PaymentChange | null {
  const { provider } = event;
  const before: PaymentParts = new Map(
    situation.parts.map((row) => {
      const part = readPart(row);
      return [partKey(part), part];
    }),
  );
  let after = before;
  for (const fact of facts) after = learn(after, fact, intent.id);
  if (after === before) return null;
  const steps = moneySteps(before, after);
  const status = statusOf(after, intent.amountCents);
  const money = {
    generalCents: centsOfMicros(situation.generalMicros),
    owedCents: -centsOfMicros(situation.receivableMicros),
  };
  const subject = { intentId: intent.id, userId: intent.userId, provider };
  const transactions = planTransactions(subject, steps, money, digestId, now);
  const received = receivedCents(after);
  return {
    status,
    creditedAt: intent.creditedAt ?? (received > 0 ? now : null),
    parts: [...after.values()].filter((part) => before.get(partKey(part)) !== part),
    transactions,
    revision: situation.revision + 1,
    notice: {
      id: digestId(`payment event ${provider} ${event.eventId}`),
      userId: intent.userId,
      eventType: 'payment.updated',
      resourceType: 'user',
      resourceId: intent.userId,
      payload: {
        payment_intent_id: intent.id,
        provider,
        status,
        received_cents: received,
      },
      realmIds: intent.realmId === null ? [] : [intent.realmId],
      now,
    },
  };
}
