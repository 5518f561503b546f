/** How operators describe what is for rent: JSON, amounts in cents. What is left out has the default here. */
import { CpuScoreType, DiskType, RamType, TERM_DAYS_MAX } from '@control-plane/contract';
import { readPriceTable } from '@control-plane/rentals';
import * as z from 'zod';

const CENTS_MAX = 100_000_000;

const cents = () => z.number().int().min(0).max(CENTS_MAX);
const days = () => z.string().regex(/^[1-9]\d{0,3}$/, 'must be a number of days');
const priceTable = () =>
  z
    .record(days(), cents())
    .refine(
      (table) => typeof readPriceTable(table) !== 'string',
      `needs terms of 1 to ${TERM_DAYS_MAX} days`,
    );
const figure = () => z.number().positive().optional();

const Specs = z.strictObject({
  cpuModel: z.string().max(100).optional(),
  cpuCores: figure(),
  cpuThreads: figure(),
  cpuScore: figure(),
  cpuScoreType: CpuScoreType().optional(),
  ramGb: figure(),
  ramType: RamType().optional(),
  ramSpeedMhz: figure(),
  disks: z
    .array(
      z.strictObject({
        type: DiskType(),
        capacityGb: z.number().positive(),
        count: z.number().int().positive(),
        interface: z.string().max(50).optional(),
        model: z.string().max(100).optional(),
      }),
    )
    .max(50)
    .optional(),
  bandwidthMbps: figure(),
  trafficTb: figure(),
  trafficUnlimited: z.boolean().optional(),
  ipv4Count: z.number().int().min(0).optional(),
  ipv6Enabled: z.boolean().optional(),
});

const rate = () => z.number().int().min(0).max(10_000_000);

/** A server on the market. `specs` null: what its host says. `metering` null: a flat rate. */
export const ListingFile = z.strictObject({
  prices_cents: priceTable(),
  slots: z.number().int().min(1).max(1000).default(1),
  setup_fee_cents: cents().default(0),
  setup_time_minutes: z.number().int().min(0).max(43_200).default(0),
  hold_days: z.number().int().min(1).max(365).default(7),
  featured: z.boolean().default(false),
  popularity_rank: z.number().int().positive().nullable().default(null),
  model: z.string().max(100).nullable().default(null),
  is_vm: z.boolean().default(false),
  specs: Specs.nullable().default(null),
  /** Micro-dollars of one container's hour. */
  metering: z
    .strictObject({
      computeMicrosPerHour: rate(),
      memoryMicrosPerHour: rate(),
      storageMicrosPerHour: rate(),
    })
    .nullable()
    .default(null),
});

/** Servers that are delivered after they were ordered. `stock` null: any number. */
export const OfferFile = z.strictObject({
  name: z.string().min(1).max(100),
  active: z.boolean().default(true),
  country: z.string().min(1).max(100),
  region: z.string().max(100).nullable().default(null),
  city: z.string().max(100).nullable().default(null),
  datacenter: z.string().max(100).nullable().default(null),
  specs: Specs,
  prices_cents: priceTable(),
  setup_fee_cents: cents().default(0),
  /** From how many days on another setup fee, or another hold, is in force. */
  setup_fee_rules_cents: z.record(days(), cents()).nullable().default(null),
  hold_rules: z.record(days(), z.number().int().min(1).max(365)).nullable().default(null),
  /** 0: in stock. */
  delivery_hours: z.number().int().min(0).max(720),
  setup_time_minutes: z.number().int().min(0).max(43_200).default(0),
  stock: z.number().int().min(0).nullable().default(null),
});
