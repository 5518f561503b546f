import {
  listMeteredRentals,
  payDue,
  postSpan,
  readHistories,
  suspendRental,
  type Database,
  type NewInterval,
  type RentalRow,
} from '@control-plane/database';
import { charge } from '@control-plane/ledger';
import {
  chargeable,
  costUnits,
  meteringSpans,
  usageOf,
  type MeteringRates,
  type Span,
} from '@control-plane/rentals';
import { describeError, randomObjectId, type Logger } from '@control-plane/serving';
import { ratesOf } from './present-market.ts';
import { rentalEvent } from './rental-event.ts';

/** Containers' histories arrive through an outbox: what happened this long ago has arrived. */
const SETTLING_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const RENTALS_PER_RUN = 100;
const SPANS_PER_RUN = 48;

/**
 * Posts the usage of metered rentals hour by hour, and charges it. Whatever runs at the same time, or runs
 * again after a crash, posts and charges each hour once.
 *
 * @returns how many hours were posted
 */
export async function postUsage(database: Database, now: number, log: Logger): Promise<number> {
  const untilMs = Math.floor((now - SETTLING_MS) / HOUR_MS) * HOUR_MS;
  let posted = 0;
  for (const rental of await listMeteredRentals(database, untilMs, RENTALS_PER_RUN)) {
    try {
      const current = await postSpans(database, rental, untilMs, now);
      posted += current.spans;
      await settleDue(database, current.rental, now);
    } catch (error) {
      // One rental's trouble is not the others'; the next run comes back to it.
      log.error('usage not posted', { rental_id: rental.id, error: describeError(error) });
    }
  }
  return posted;
}

/**
 * Posts what a rental that is over has used up to its end, together with whoever else does so at the same time.
 * It is charged by the next run of {@link postUsage}.
 */
export async function postUsageToEnd(
  database: Database,
  readRental: () => Promise<RentalRow | null>,
  now: number,
): Promise<void> {
  for (let reachedMs = -1; ;) {
    const rental = await readRental();
    if (rental === null || rental.meteringJson === null) return;
    if (rental.endsAt >= now || rental.meteredUntil >= rental.endsAt) return;
    // Whoever was quicker has brought it further, so this comes to an end.
    if (rental.meteredUntil <= reachedMs) throw new Error(`usage of rental ${rental.id} can't be posted`);
    reachedMs = rental.meteredUntil;
    await postSpans(database, rental, rental.endsAt, now);
  }
}

type Metered = Pick<
  RentalRow,
  | 'id'
  | 'userId'
  | 'realmId'
  | 'serverId'
  | 'endsAt'
  | 'meteringJson'
  | 'meteredUntil'
  | 'carriedUnits'
  | 'dueCents'
>;

async function postSpans(
  database: Database,
  rental: Metered,
  untilMs: number,
  now: number,
): Promise<{ readonly rental: Metered; readonly spans: number }> {
  const rates = ratesOf(rental.meteringJson);
  if (rates === null) return { rental, spans: 0 };
  const span = { fromMs: rental.meteredUntil, toMs: Math.min(untilMs, rental.endsAt) };
  let current = rental;
  let spans = 0;
  for (const piece of meteringSpans(span, SPANS_PER_RUN)) {
    const next = await postPiece(database, current, rates, piece, now);
    if (next === null) break;
    current = next;
    spans += 1;
  }
  return { rental: current, spans };
}

/** Null: another run was there before. */
async function postPiece(
  database: Database,
  rental: Metered,
  rates: MeteringRates,
  span: Span,
  now: number,
): Promise<Metered | null> {
  const histories = await readHistories(database, rental, span);
  const intervals = histories.flatMap(({ containerId, projectId, changes }): NewInterval[] => {
    const usage = usageOf(changes, span);
    // Storage is held by everything that costs anything.
    if (usage.storageMs === 0) return [];
    return [
      {
        containerId,
        startsAt: span.fromMs,
        endsAt: span.toMs,
        rentalId: rental.id,
        projectId,
        ...usage,
        costUnits: costUnits(usage, rates),
        createdAt: now,
      },
    ];
  });
  const owed = intervals.reduce(
    (sum, interval) => sum + BigInt(interval.costUnits),
    BigInt(rental.carriedUnits),
  );
  const { cents, carriedUnits } = chargeable(owed);
  const posted = { untilMs: span.toMs, intervals, carriedUnits: Number(carriedUnits), addedCents: cents };
  if (!(await postSpan(database, rental, posted))) return null;
  return {
    ...rental,
    meteredUntil: span.toMs,
    carriedUnits: Number(carriedUnits),
    dueCents: rental.dueCents + cents,
  };
}

/** Charges what is due; what the balance does not cover stays due, and nothing may be started until it is paid. */
async function settleDue(database: Database, rental: Metered, now: number): Promise<void> {
  if (rental.dueCents === 0) return;
  const payment = charge({
    id: randomObjectId(),
    type: 'metering_charge',
    userId: rental.userId,
    description: 'Usage of a rented server',
    reference: { type: 'rental', id: rental.id },
    dedupeKey: `metering:${rental.id}:${rental.meteredUntil}`,
    metadata: { metered_until: new Date(rental.meteredUntil).toISOString() },
    now,
    lines: [{ to: 'revenue', cents: rental.dueCents }],
  });
  const resumed = rentalEvent('server.usage_paid', rental, now, { paid_cents: rental.dueCents });
  if ((await payDue(database, rental, payment, resumed)) !== 'insufficient_balance') return;
  const unpaid = rentalEvent('server.usage_unpaid', rental, now, { due_cents: rental.dueCents });
  await suspendRental(database, rental.id, unpaid);
}
