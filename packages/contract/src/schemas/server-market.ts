/** Servers as the market shows them: what they are made of, what they cost, how they are looked for. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import {
  Count,
  FreeObject,
  ObjectId,
  QueryText,
  QueryBoolean,
  queryInteger,
  queryNumber,
} from './scalars.ts';

export const TERM_DAYS_MAX = 3650;

export const ServerCategory = lazy(() => z.enum(['compute', 'memory', 'storage', 'general', 'gpu']));
export const CpuScoreType = lazy(() => z.enum(['passmark', 'geekbench_single', 'geekbench_multi']));
export const RamType = lazy(() => z.enum(['DDR3', 'DDR4', 'DDR5', 'ECC DDR4', 'ECC DDR5']));
export const DiskType = lazy(() => z.enum(['HDD', 'SSD', 'NVMe', 'SAS']));

const DiskConfig = lazy(() =>
  z.object({
    count: Count(),
    capacity_gb: z.number(),
    type: DiskType(),
    interface: z.string().optional(),
    model: z.string().optional(),
  }),
);

/** A part of which nothing is known is null; a member of which nothing is known is null as well. */
export const ServerSpecsView = lazy(() =>
  z.object({
    cpu: z
      .object({
        model: z.string().nullable(),
        cores: z.number().nullable(),
        threads: z.number().nullable(),
        score: z.number().nullable(),
        score_type: CpuScoreType().nullable(),
      })
      .nullable(),
    ram: z
      .object({ capacity_gb: z.number(), type: RamType().nullable(), speed_mhz: z.number().nullable() })
      .nullable(),
    disks: z
      .object({
        config: z.array(DiskConfig()),
        total_gb: z.number(),
        summary: z.string(),
      })
      .nullable(),
    network: z
      .object({
        bandwidth_mbps: z.number().nullable(),
        bandwidth_formatted: z.string().nullable(),
        traffic_tb: z.number().nullable(),
        traffic_unlimited: z.boolean(),
      })
      .nullable(),
    additional: z.object({ ipv4_count: Count(), ipv6_enabled: z.boolean() }),
  }),
);

/** Micro-dollars of one container's hour: while it runs, while it holds memory, while it holds storage. */
export const MeteringRatesView = lazy(() =>
  z.object({
    compute_micros_per_hour: Count(),
    memory_micros_per_hour: Count(),
    storage_micros_per_hour: Count(),
  }),
);

/** What is not known of a place is absent. `pricing.prices`: days to dollars; `price_tiers`: days to both. */
export const MarketplaceServer = lazy(() =>
  z.object({
    id: ObjectId(),
    name: z.string(),
    country: z.string().optional(),
    region: z.string().optional(),
    city: z.string().optional(),
    datacenter: z.string().optional(),
    model: z.string().optional(),
    is_vm: z.boolean(),
    category: ServerCategory().nullable(),
    featured: z.boolean(),
    popularity_rank: z.number().nullable(),
    setup_time_minutes: z.number().nullable(),
    delivery_hours: z.number(),
    pricing: z.object({
      prices: z.record(z.string(), z.string()),
      setup_fee: z.string(),
      setup_fee_cents: Count(),
      price_tiers: z.record(z.string(), z.object({ total_cents: Count(), per_day_cents: z.number() })),
      /** Beside the price of a term; null: the term's price is all. */
      metering: MeteringRatesView().nullable(),
    }),
    specs: ServerSpecsView(),
    /** How many may rent it at once, and how many still can. */
    slots: z.object({ total: Count(), free: Count() }),
  }),
);
export const MarketplaceServerList = lazy(() => z.array(MarketplaceServer()));

/** Entries of a query parameter, commas between. */
function commaList<T extends z.ZodType>(entry: T, most: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',') : value),
    z.array(entry).max(most),
  );
}

export const BrowseServersQuery = lazy(() =>
  z.object({
    country: QueryText().optional(),
    region: QueryText().optional(),
    max_price_per_day: queryNumber().optional(),
    available_durations: commaList(queryNumber(), 100).optional(),
    min_cpu_cores: queryNumber().optional(),
    min_cpu_score: queryNumber().optional(),
    cpu_score_type: CpuScoreType().optional(),
    min_ram_gb: queryNumber().optional(),
    ram_types: commaList(RamType(), 5).optional(),
    min_total_storage_gb: queryNumber().optional(),
    disk_types: commaList(DiskType(), 4).optional(),
    min_bandwidth_mbps: queryNumber().optional(),
    min_traffic_tb: queryNumber().optional(),
    unlimited_traffic_only: QueryBoolean().optional(),
    category: ServerCategory().optional(),
    featured_only: QueryBoolean().optional(),
  }),
);

/** A back-ordered kind of server. Rules and prices: days to cents; hold rules: days to days. */
export const ServerOffer = lazy(() =>
  z.object({
    id: ObjectId(),
    name: z.string(),
    country: z.string(),
    region: z.string().nullable(),
    city: z.string().nullable(),
    datacenter: z.string().nullable(),
    cpu_model: z.string().nullable(),
    cpu_cores: z.number().nullable(),
    cpu_threads: z.number().nullable(),
    ram_gb: z.number().nullable(),
    disks: z.array(DiskConfig()).nullable(),
    bandwidth_mbps: z.number().nullable(),
    traffic_tb: z.number().nullable(),
    traffic_unlimited: z.boolean(),
    ipv4_count: Count(),
    pricing_rules: FreeObject().nullable(),
    hold_rules: FreeObject().nullable(),
    setup_fee_cents: Count(),
    setup_fee_rules: FreeObject().nullable(),
    delivery_hours: Count(),
    setup_time_minutes: Count(),
    stock: Count().nullable(),
  }),
);
export const ServerOfferList = lazy(() => z.array(ServerOffer()));

export const ListReservationsQuery = lazy(() =>
  z.object({ limit: queryInteger(1, 200).default(50), offset: queryInteger(0).default(0) }),
);

/** Beside the list of reservations. */
export const reservationCounters = () => ({ total: Count(), limit: Count(), offset: Count() });
