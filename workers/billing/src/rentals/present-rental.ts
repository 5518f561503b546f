import type { Principal } from '@control-plane/auth';
import type { GrantedServer, RentalListing, RentalRow } from '@control-plane/database';
import { dollarsOf, readPriceTable, remainingDays, usedDays, writePriceTable } from '@control-plane/rentals';
import { usdOfMicros } from '@control-plane/ledger';
import { mayReadBills } from './may-read-bills.ts';
import { presentPlace, presentSpecs, specsOf } from './present-specs.ts';

type Caller = Pick<Principal, 'grant'>;

const CURRENCY = 'USD';

const isoTime = (unixMs: number): string => new Date(unixMs).toISOString();

/** The term of a rental as packages/rentals has it. */
export function termOf({ startsAt, endsAt, holdDays }: RentalRow) {
  return { startMs: startsAt, endMs: endsAt, holdDays };
}

/** Past its end a rental is expired, whether anybody has noted it yet or not. */
function statusOf({ status, endsAt }: RentalRow, now: number): RentalRow['status'] {
  return status === 'active' && endsAt <= now ? 'expired' : status;
}

/** Prices in wire form: days to cents; null for none. */
export function presentPrices(stored: string | null): Record<string, number> | null {
  if (stored === null) return null;
  const table = readPriceTable(JSON.parse(stored));
  return typeof table === 'string' ? null : writePriceTable(table);
}

/** What a rental cost; nothing for a caller who may not read bills. */
function presentBilling(caller: Caller, rental: RentalRow) {
  if (!mayReadBills(caller)) return {};
  const { rentalCents, setupFeeCents } = rental;
  return {
    amount: dollarsOf(rentalCents),
    setup_fee_cents: setupFeeCents,
    total_paid_cents: rentalCents + setupFeeCents,
    renewal_pricing_frozen: presentPrices(rental.renewalPricesJson),
  };
}

/** The parts that change with an extension. */
export function presentTerm(caller: Caller, rental: RentalRow, now: number) {
  return {
    id: rental.id,
    rental_end: isoTime(rental.endsAt),
    status: statusOf(rental, now),
    remaining_days: remainingDays(termOf(rental), now),
    ...presentBilling(caller, rental),
  };
}

function presentServer({ server, listing }: Pick<RentalListing, 'server' | 'listing'>) {
  return {
    id: server.id,
    name: server.name,
    ...presentPlace(server),
    ...(listing?.model === undefined || listing.model === null ? {} : { model: listing.model }),
    is_vm: listing?.isVm ?? false,
    ...(server.maxContainers === null
      ? {}
      : { container_capacity: { used: server.containersUsed, max: server.maxContainers } }),
    specs: presentSpecs(specsOf(listing?.specsJson ?? null, server.factsJson)),
  };
}

/** A rental in a list. */
export function presentRental(caller: Caller, listing: RentalListing, now: number) {
  const { rental } = listing;
  return {
    ...presentTerm(caller, rental, now),
    rental_start: isoTime(rental.startsAt),
    server_id: rental.serverId,
    pool_id: rental.poolId,
    is_free_tier: false,
    server: presentServer(listing),
  };
}

/** A rental by itself. */
export function presentRentalDetail(caller: Caller, listing: RentalListing, now: number) {
  const { rental, transaction } = listing;
  return {
    ...presentRental(caller, listing, now),
    hold_days: rental.holdDays,
    usage_days: usedDays(termOf(rental), now),
    ...(transaction === null || !mayReadBills(caller) ? {} : { transaction: presentPayment(transaction) }),
  };
}

/** What `rent` answers. */
export function presentNewRental(caller: Caller, rental: RentalRow, now: number) {
  return {
    id: rental.id,
    server_id: rental.serverId,
    rental_start: isoTime(rental.startsAt),
    rental_end: isoTime(rental.endsAt),
    hold_days: rental.holdDays,
    actual_usage_days: usedDays(termOf(rental), now),
    status: statusOf(rental, now),
    ...presentBilling(caller, rental),
  };
}

/** The ledger transaction that paid something, amount in dollars. */
export function presentPayment(payment: {
  readonly id: string;
  readonly amountMicros: number;
  readonly createdAt: number;
}) {
  return {
    id: payment.id,
    amount: usdOfMicros(payment.amountMicros),
    currency: CURRENCY,
    created_at: isoTime(payment.createdAt),
  };
}

/** A server that was given for good, in the form of a rental that costs nothing and does not end. */
export function presentGrantedServer(caller: Caller, granted: GrantedServer, now: number) {
  const dayMs = 24 * 3_600_000;
  return {
    id: granted.server.id,
    rental_start: isoTime(granted.grantedAt),
    status: 'active' as const,
    ...(mayReadBills(caller)
      ? { amount: dollarsOf(0), setup_fee_cents: 0, total_paid_cents: 0, renewal_pricing_frozen: null }
      : {}),
    server_id: granted.server.id,
    pool_id: null,
    is_free_tier: true,
    server: presentServer(granted),
    usage_days: Math.max(0, Math.floor((now - granted.grantedAt) / dayMs)),
  };
}
