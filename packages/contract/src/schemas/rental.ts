/** Rentals and reservations of servers, and what clients send about them. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, FreeObject, ObjectId, Timestamp } from './scalars.ts';
import { ServerSpecsView, TERM_DAYS_MAX } from './server-market.ts';

const CENTS_MAX = 1_000_000_000;

/** The most that the caller agrees to pay, in cents. */
const MaxCharge = lazy(() => z.number().int().min(0).max(CENTS_MAX));
const TermDays = lazy(() => z.number().int().min(1).max(TERM_DAYS_MAX));

export const RentServerBody = lazy(() =>
  z.strictObject({
    pool_id: ObjectId().optional(),
    rental_days: TermDays(),
    max_charge_cents: MaxCharge().optional(),
  }),
);

export const ExtendRentalBody = lazy(() =>
  z.strictObject({
    /** The end as the caller knows it, so that a repeated call does not extend twice. */
    expected_rental_end: z.iso.datetime({ offset: true }),
    additional_days: TermDays(),
    max_charge_cents: MaxCharge().optional(),
  }),
);

export const ReserveOfferBody = lazy(() =>
  z.strictObject({
    days: TermDays(),
    max_charge_cents: MaxCharge().optional(),
    idempotency_key: z.string().min(1).max(200),
    pool_id: ObjectId().optional(),
  }),
);

const RentalServer = lazy(() =>
  z.object({
    id: ObjectId(),
    name: z.string(),
    country: z.string().optional(),
    region: z.string().optional(),
    city: z.string().optional(),
    datacenter: z.string().optional(),
    model: z.string().optional(),
    is_vm: z.boolean(),
    /** Absent where the server has no limit. */
    container_capacity: z.object({ used: Count(), max: Count() }).optional(),
    specs: ServerSpecsView(),
  }),
);

const RentalStatus = lazy(() => z.enum(['active', 'expired', 'ended']));

/** What it cost; absent for tokens that may not read bills. `renewal_pricing_frozen`: days to cents. */
const billing = () => ({
  amount: z.string().optional(),
  setup_fee_cents: Count().optional(),
  total_paid_cents: Count().optional(),
  renewal_pricing_frozen: z.record(z.string(), Count()).nullable().optional(),
});

/** `rental_end` is absent for a server that is the user's for good. */
const term = () => ({
  rental_end: Timestamp().optional(),
  status: RentalStatus(),
  remaining_days: Count().optional(),
});

const listItem = () => ({
  id: ObjectId(),
  rental_start: Timestamp(),
  ...term(),
  ...billing(),
  server_id: ObjectId().nullable(),
  pool_id: ObjectId().nullable(),
  is_free_tier: z.boolean(),
  server: RentalServer().nullable(),
});

export const RentalList = lazy(() => z.array(z.object(listItem())));

/** Amount in dollars. */
const RentalTransaction = lazy(() =>
  z.object({ id: ObjectId(), amount: z.number(), currency: z.string(), created_at: Timestamp() }),
);

export const RentalDetail = lazy(() =>
  z.object({
    ...listItem(),
    hold_days: Count().optional(),
    usage_days: Count(),
    transaction: RentalTransaction().optional(),
  }),
);

export const RentedServer = lazy(() =>
  z.object({
    rental: z.object({
      id: ObjectId(),
      server_id: ObjectId(),
      rental_start: Timestamp(),
      rental_end: Timestamp(),
      hold_days: Count(),
      actual_usage_days: Count(),
      status: RentalStatus(),
      ...billing(),
    }),
    /** Absent when nothing had to be paid. */
    transaction: RentalTransaction().optional(),
  }),
);

export const ExtendedRental = lazy(() =>
  z.object({
    rental: z.object({ id: ObjectId(), ...term(), ...billing() }),
    transaction: RentalTransaction().optional(),
  }),
);

export const Reservation = lazy(() =>
  z.object({
    id: ObjectId(),
    offer_id: ObjectId(),
    days: Count(),
    state: z.enum(['pending', 'fulfilled', 'refunded']),
    ready_by: Timestamp(),
    delivery_hours_quoted: Count(),
    setup_time_minutes_quoted: Count(),
    hold_days_quoted: Count(),
    server_id: ObjectId().nullable(),
    rental_id: ObjectId().nullable(),
    created_at: Timestamp(),
    rental_cents: Count().optional(),
    setup_fee_cents: Count().optional(),
    total_paid_cents: Count().optional(),
    offer_snapshot: FreeObject(),
  }),
);
export const ReservationList = lazy(() => z.array(Reservation()));
export const ReservationMade = lazy(() => z.object({ reservation: Reservation(), replayed: z.boolean() }));
